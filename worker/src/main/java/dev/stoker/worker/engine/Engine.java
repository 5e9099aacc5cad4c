package dev.stoker.worker.engine;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/** What computes answers. Safe for use by many threads. */
public interface Engine extends AutoCloseable {

  /**
   * The models whose requests this engine can answer, now or after a swap; at least one from when
   * it is ready.
   */
  Set<String> models();

  /** Of these, the models whose requests it takes now, without loading another. */
  default Set<String> loadedModels() {
    return models();
  }

  /** For people: the model whose weights are in memory now, or an empty string while none is. */
  String loadedModel();

  /**
   * How many requests are worth having in flight at once; more would only wait inside the engine.
   * It may change at any time, between 1 and {@link #slotsMax}.
   */
  int slots();

  /** What {@link #slots} never exceeds; always the same. */
  default int slotsMax() {
    return slots();
  }

  /**
   * Answers one request. Blocks the calling thread, which is a virtual one, until there is a reply.
   *
   * @param deadline how long the caller is willing to wait; an engine that knows better waits less
   * @throws InterruptedException when the worker wants its thread back; the request was not
   *     answered
   */
  EngineReply complete(EngineRequest request, Duration deadline) throws InterruptedException;

  /**
   * Whether requests would be answered, as far as the engine knows; asks nobody and returns at
   * once.
   */
  EngineState probe();

  /**
   * A request so small that a working engine answers it at once; empty if it knows none, or if it
   * finds out by itself that it hangs.
   */
  default Optional<EngineRequest> canary() {
    return Optional.empty();
  }

  /** Grows as the engine gets on with loading its model. */
  default long loadingSteps() {
    return 0;
  }

  /**
   * Runs an action now and whenever what {@link #probe}, {@link #slots} or {@link #loadedModels}
   * say has changed. It must be quick: it runs on the thread of whoever noticed.
   */
  default void onChange(Runnable action) {
    action.run();
  }

  /** Frees what the engine holds. Requests in flight end in {@link EngineReply.Unreachable}. */
  @Override
  void close();
}
