package dev.stoker.watchdog;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** The one way in which tests wait: for something to become true, within bounds. */
public final class Patience {

  private static final long LOOK_EVERY = TimeUnit.MILLISECONDS.toNanos(5);

  private Patience() {}

  public static void until(String what, Duration most, BooleanSupplier holds) {
    until(what, most, holds, () -> "");
  }

  /**
   * @param story what to show when it does not happen
   */
  public static void until(
      String what, Duration most, BooleanSupplier holds, Supplier<String> story) {
    long deadline = System.nanoTime() + most.toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("not within " + most + ": " + what + "\n" + story.get());
      }
      LockSupport.parkNanos(LOOK_EVERY);
    }
  }

  /** Something stays true for so long. */
  public static void whilst(String what, Duration length, BooleanSupplier holds) {
    long end = System.nanoTime() + length.toNanos();
    while (System.nanoTime() - end < 0) {
      if (!holds.getAsBoolean()) {
        throw new AssertionError("did not last for " + length + ": " + what);
      }
      LockSupport.parkNanos(LOOK_EVERY);
    }
  }
}
