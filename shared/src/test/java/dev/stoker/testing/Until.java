package dev.stoker.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waits for something that another thread or process brings about. */
public final class Until {
  private static final Duration LOOK_EVERY = Duration.ofMillis(10);

  private final Duration patience;

  private Until(Duration patience) {
    this.patience = patience;
  }

  /** Generous on a busy machine: ten times as long as a test says that it should take. */
  public static Until within(Duration expected) {
    return new Until(expected.multipliedBy(10));
  }

  /** Returns as soon as the condition holds; fails the test when it does not in time. */
  public void holds(Callable<Boolean> condition) {
    CountDownLatch never = new CountDownLatch(1);
    long deadlineNanos = System.nanoTime() + patience.toNanos();
    try {
      while (!condition.call()) {
        if (System.nanoTime() - deadlineNanos >= 0) {
          throw new AssertionError("did not come to hold within " + patience);
        }
        if (never.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
          throw new IllegalStateException("the latch is never counted down");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
