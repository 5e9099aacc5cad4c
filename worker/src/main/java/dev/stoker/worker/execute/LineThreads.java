package dev.stoker.worker.execute;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** On which threads lines run, and what lets them wait. */
public interface LineThreads {

  /** Runs a line from now on, beside the caller. */
  void start(Runnable line);

  /** Does something short once a time has passed. */
  void later(Duration delay, Runnable action);

  /** A virtual thread for each line. */
  static LineThreads virtual() {
    return new LineThreads() {
      @Override
      public void start(Runnable line) {
        Thread.ofVirtual().name("line").start(line);
      }

      @Override
      public void later(Duration delay, Runnable action) {
        CompletableFuture.delayedExecutor(delay.toNanos(), TimeUnit.NANOSECONDS, Runnable::run)
            .execute(action);
      }
    };
  }
}
