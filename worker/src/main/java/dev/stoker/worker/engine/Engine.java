package dev.stoker.worker.engine;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/** What computes answers. Safe for use by many threads. */
public interface Engine extends AutoCloseable {

  /** The models whose requests this engine answers; at least one. */
  Set<String> models();

  /** The model whose weights are in memory now, or an empty string while none is. */
  String loadedModel();

  /**
   * How many requests are worth having in flight at once; more would only wait inside the engine.
   */
  int slots();

  /**
   * Answers one request. Blocks the calling thread, which is a virtual one, until there is a reply.
   *
   * @param deadline how long the caller is willing to wait
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
   * A request so small that a working engine answers it at once; empty if it knows none, and then
   * an engine that hangs is found only by the deadlines of its requests.
   */
  default Optional<EngineRequest> canary() {
    return Optional.empty();
  }

  /** Grows as the engine gets on with loading its model. */
  default long loadingSteps() {
    return 0;
  }

  /** Runs an action once the engine takes requests; at once if it does already. */
  default void whenReady(Runnable action) {
    action.run();
  }

  /** Frees what the engine holds. Requests in flight end in {@link EngineReply.Unreachable}. */
  @Override
  void close();
}
