package dev.stoker.watchdog.process;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * As long as the supervision may stand still: those who were killed are mostly dead by then, and
 * whoever is not is looked at again by the next tick.
 */
final class Moment {

  private static final int LOOKS = 5;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private Moment() {}

  static void whilst(BooleanSupplier condition) {
    for (int look = 0; look < LOOKS && condition.getAsBoolean(); look++) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }
}
