package dev.stoker.api.batches;

import java.time.Duration;

/**
 * How fast the batches of a crowd are stored: at most 1,250 a second. Clients that create each the
 * next batch as soon as the last is answered would take all of a machine of two cores otherwise,
 * and whoever asks for its health would wait behind them.
 */
final class Pace {
  private static final Duration EACH = Duration.ofNanos(800_000);

  private Pace() {}

  /** How long after a group began the next one may; a batch alone is followed at once. */
  static Duration after(int batches) {
    return batches == 1 ? Duration.ZERO : EACH.multipliedBy(batches);
  }
}
