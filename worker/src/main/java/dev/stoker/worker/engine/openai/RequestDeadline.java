package dev.stoker.worker.engine.openai;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * How long to wait for an answer: as long as it may take if it is generous with everybody, and
 * never longer than the caller waits. Pure.
 *
 * @param shortest no deadline is shorter, unless the caller's is
 */
record RequestDeadline(Duration shortest) {

  /** A request may wait inside the engine, have a long prompt, or run beside greedy ones. */
  private static final double GENEROSITY = 8;

  /**
   * @param callers how long the caller waits
   * @param tokensMax the most tokens that the request may generate, if it says so
   * @param tokensPerSecond how fast the engine generates for one request; 0 while nobody knows
   */
  Duration of(Duration callers, OptionalLong tokensMax, double tokensPerSecond) {
    if (tokensMax.isEmpty() || !(tokensPerSecond > 0)) {
      return callers;
    }
    double seconds = GENEROSITY * tokensMax.getAsLong() / tokensPerSecond;
    if (seconds >= callers.toSeconds()) {
      return callers;
    }
    Duration own = longer(shortest, Duration.ofMillis((long) (seconds * 1000)));
    return own.compareTo(callers) < 0 ? own : callers;
  }

  private static Duration longer(Duration a, Duration b) {
    return a.compareTo(b) >= 0 ? a : b;
  }
}
