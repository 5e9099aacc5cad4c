package dev.stoker.api.batches;

import java.time.Duration;

/**
 * How fast the batches of a crowd are stored. Clients that create each the next batch as soon as
 * the last is answered would take all of the machine otherwise, and whoever asks for its health
 * would wait behind them.
 */
final class Pace {
  private static final Duration EACH = Duration.ofNanos(600_000);

  /** However large the crowd: it is not to wait for the pace rather than for the machine. */
  private static final Duration MAX = Duration.ofMillis(20);

  private Pace() {}

  /** How long after a group so large the next one may be stored; a batch alone has its own pace. */
  static Duration after(int batches) {
    if (batches == 1) {
      return Duration.ZERO;
    }
    Duration all = EACH.multipliedBy(batches);
    return all.compareTo(MAX) < 0 ? all : MAX;
  }
}
