package dev.stoker.worker.engine.llama;

import dev.stoker.worker.engine.body.ErrorReply;
import dev.stoker.worker.engine.llama.LlamaSettings.Embeddings;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/**
 * Computes vectors of texts: each step as many whole texts as there is room for. llama.cpp gives
 * one for each token; they become one here.
 */
final class VectorWork implements ModelWork {
  private record Waiting(Job job, int[] tokens) {}

  /** {@code llama_pooling_type} in llama.h, as files have it. */
  private static final Map<String, Embeddings> POOLINGS =
      Map.of("1", Embeddings.MEAN, "2", Embeddings.CLS, "3", Embeddings.LAST);

  private final LoadedModel model;
  private final Embeddings pooling;
  private final int slots;
  private final TokenBatch batch;
  private final Queue<Waiting> waiting = new ArrayDeque<>();

  /**
   * @throws IOException if it is left to the file how vectors are pooled, and it does not say
   */
  VectorWork(LoadedModel model, LlamaSettings settings) throws IOException {
    this.model = model;
    this.slots = settings.slots();
    this.pooling =
        settings.embeddings() == Embeddings.MODEL ? pooling(model) : settings.embeddings();
    this.batch = new TokenBatch(model.batchTokens());
  }

  private static Embeddings pooling(LoadedModel model) throws IOException {
    return model
        .fact("general.architecture")
        .flatMap(architecture -> model.fact(architecture + ".pooling_type"))
        .map(POOLINGS::get)
        .orElseThrow(
            () ->
                new IOException(
                    "the file does not say how its vectors are pooled: set"
                        + " STOKER_LLAMA_EMBEDDINGS to mean, cls or last, as the model's card says"));
  }

  @Override
  public boolean hasRoom() {
    return waiting.size() < slots;
  }

  @Override
  public boolean busy() {
    return !waiting.isEmpty();
  }

  @Override
  public void begin(Job job) {
    switch (PromptTokens.of(model, job.task().prompt(), model.batchTokens(), "input")) {
      case PromptTokens.Refused(ErrorReply error) -> job.end(new Ending.Refused(error));
      case PromptTokens.Accepted(int[] tokens) -> waiting.add(new Waiting(job, tokens));
    }
  }

  @Override
  public void step() throws ModelBroken {
    waiting.removeIf(text -> text.job().unwanted());
    List<Waiting> texts = new ArrayList<>();
    batch.clear();
    while (!waiting.isEmpty() && waiting.element().tokens().length <= batch.room()) {
      Waiting text = waiting.remove();
      for (int position = 0; position < text.tokens().length; position++) {
        boolean wanted = first(text) <= position && position <= last(text);
        batch.add(text.tokens()[position], position, texts.size(), wanted);
      }
      texts.add(text);
    }
    if (!texts.isEmpty()) {
      compute(texts);
    }
  }

  private void compute(List<Waiting> texts) throws ModelBroken {
    int status = model.compute(batch, 0, batch.size());
    if (status != 0) {
      texts.forEach(text -> text.job().end(new Ending.Broken("the vectors were not computed")));
      throw new ModelBroken(status);
    }
    int begin = 0;
    for (int sequence = 0; sequence < texts.size(); sequence++) {
      Waiting text = texts.get(sequence);
      float[] sum = new float[model.dimensions()];
      for (int index = begin + first(text); index <= begin + last(text); index++) {
        add(sum, model.embedding(index));
      }
      model.forget(sequence, 0);
      begin += text.tokens().length;
      text.job().end(new Ending.Embedded(normalized(sum), text.tokens().length));
    }
  }

  /** The first token whose vector counts. */
  private int first(Waiting text) {
    return pooling == Embeddings.LAST ? text.tokens().length - 1 : 0;
  }

  /** The last token whose vector counts. */
  private int last(Waiting text) {
    return pooling == Embeddings.CLS ? 0 : text.tokens().length - 1;
  }

  private static void add(float[] sum, float[] vector) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += vector[i];
    }
  }

  private static float[] normalized(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    double length = Math.sqrt(squares);
    for (int i = 0; i < vector.length && length > 0; i++) {
      vector[i] = (float) (vector[i] / length);
    }
    return vector;
  }

  @Override
  public void endAll(Ending how) {
    waiting.forEach(text -> text.job().end(how));
    waiting.clear();
  }

  @Override
  public void close() {}
}
