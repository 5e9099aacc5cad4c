package dev.stoker.worker.engine.onnx;

import dev.stoker.worker.engine.body.EmbeddingsRequest.Input;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One request on its way through the {@link MicroBatcher}. Ends once, in the first way that comes.
 */
final class EmbeddingJob {

  /** How a job ends. */
  sealed interface Ending {

    /**
     * Every text has its vector.
     *
     * @param tokens the tokens that were run
     */
    record Embedded(List<float[]> vectors, long tokens) implements Ending {}

    /** The model failed on it. */
    record Broken(String reason) implements Ending {}

    /** There is no model, or no longer. */
    record Stopped(String reason) implements Ending {}
  }

  /**
   * One text of a job. Its fields are written by the one thread that holds the text at a time, and
   * read by the caller after the end.
   */
  static final class Text {
    private final EmbeddingJob job;
    private final Input input;
    private long[] tokens = {};
    private float[] vector = {};

    private Text(EmbeddingJob job, Input input) {
      this.job = job;
      this.input = input;
    }

    EmbeddingJob job() {
      return job;
    }

    Input input() {
      return input;
    }

    /** None before {@link #cut}. */
    long[] tokens() {
      return tokens;
    }

    void cut(long[] into) {
      tokens = into;
    }

    /** Gives the text its vector; the last of a job's ends the job. */
    void embedded(float[] as) {
      vector = as;
      job.oneDone();
    }
  }

  private final List<Text> texts;
  private final AtomicInteger remaining;
  private final CompletableFuture<Ending> ending = new CompletableFuture<>();

  EmbeddingJob(List<Input> inputs) {
    texts = inputs.stream().map(input -> new Text(this, input)).toList();
    remaining = new AtomicInteger(texts.size());
  }

  List<Text> texts() {
    return texts;
  }

  void end(Ending as) {
    ending.complete(as);
  }

  boolean hasEnded() {
    return ending.isDone();
  }

  Ending await(Duration atMost) throws InterruptedException, TimeoutException {
    try {
      return ending.get(TimeUnit.NANOSECONDS.convert(atMost), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw new AssertionError("an ending is never an exception", e);
    }
  }

  private void oneDone() {
    if (remaining.decrementAndGet() == 0) {
      List<float[]> vectors = texts.stream().map(text -> text.vector).toList();
      long tokens = texts.stream().mapToLong(text -> text.tokens.length).sum();
      end(new Ending.Embedded(vectors, tokens));
    }
  }
}
