package dev.stoker.database;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** How long to go on trying, measured on the monotonic clock. */
record Patience(long endNanos) {

  private static final Duration PAUSE = Duration.ofMillis(100);

  static Patience of(Duration duration) {
    return new Patience(System.nanoTime() + duration.toNanos());
  }

  /** Pauses a little before another try; false, at once, when patience has run out. */
  boolean pause() {
    if (System.nanoTime() - endNanos >= 0) {
      return false;
    }
    LockSupport.parkNanos(PAUSE.toNanos());
    if (Thread.currentThread().isInterrupted()) {
      throw new EmbeddedPostgresFailed("Interrupted while waiting for the embedded database.");
    }
    return true;
  }
}
