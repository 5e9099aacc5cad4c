package dev.stoker.worker.engine.llama;

import dev.stoker.worker.engine.body.ErrorReply;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/** Computes vectors of texts: each step as many whole texts as there is room for. */
final class VectorWork implements ModelWork {
  private record Waiting(Job job, int[] tokens) {}

  private final LoadedModel model;
  private final int slots;
  private final TokenBatch batch;
  private final Queue<Waiting> waiting = new ArrayDeque<>();

  VectorWork(LoadedModel model, int slots) {
    this.model = model;
    this.slots = slots;
    this.batch = new TokenBatch(model.batchTokens());
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
        batch.add(text.tokens()[position], position, texts.size(), true);
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
    for (int sequence = 0; sequence < texts.size(); sequence++) {
      Waiting text = texts.get(sequence);
      float[] vector = normalized(model.embedding(sequence));
      model.forget(sequence, 0);
      text.job().end(new Ending.Embedded(vector, text.tokens().length));
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
