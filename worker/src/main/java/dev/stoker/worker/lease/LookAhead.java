package dev.stoker.worker.lease;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many lines ought to wait for their turn: one for each of the engine's slots; and more if it
 * is so fast that they would not last until the next claim has come back. What is claimed at once
 * then is claimed by one statement instead of many.
 */
final class LookAhead {
  private static final Duration LASTS = Duration.ofMillis(200);

  /** Lines taken in less time say little of the speed. */
  private static final Duration MEASURED = Duration.ofMillis(50);

  private static final int LINES_MAX = 4096;

  private final AtomicInteger taken = new AtomicInteger();
  private long sinceNanos;
  private volatile int lines;

  LookAhead(long nowNanos) {
    this.sinceNanos = nowNanos;
  }

  /** A line has left the queue. */
  void taken() {
    taken.incrementAndGet();
  }

  /** Measures the speed of the engine since the last time, unless that was just now. */
  void measure(long nowNanos) {
    long nanos = nowNanos - sinceNanos;
    if (nanos >= MEASURED.toNanos()) {
      double speed = (double) taken.getAndSet(0) / nanos;
      lines = (int) Math.min(LINES_MAX, speed * LASTS.toNanos());
      sinceNanos = nowNanos;
    }
  }

  /** With fewer lines waiting it is time to claim. */
  int low(int slots) {
    return Math.max(slots, lines / 2);
  }

  /** How many lines to claim; none while enough of them wait. */
  int missing(int slots, int waiting) {
    return waiting < low(slots) ? Math.max(slots, lines) - waiting : 0;
  }
}
