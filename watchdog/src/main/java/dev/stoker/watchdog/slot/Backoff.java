package dev.stoker.watchdog.slot;

import java.time.Duration;

/**
 * The pause before a start: none before the first of a row, then from a second doubling up to the
 * most, half of it by chance, so that workers that died together do not load their models together.
 */
record Backoff(Duration max) {

  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final int DOUBLINGS_MAX = 30;

  /**
   * @param streak starts in a row, this one included
   * @param jitter from 0 to 1
   */
  Duration before(int streak, double jitter) {
    if (streak <= 1) {
      return Duration.ZERO;
    }
    long full = FIRST.toNanos() << Math.min(streak - 2, DOUBLINGS_MAX);
    double half = Math.min(full, max.toNanos()) / 2.0;
    return Duration.ofNanos((long) (half + half * jitter));
  }
}
