package dev.stoker.testing.broken.clock;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Random;
import java.util.function.LongSupplier;

/** Finds out for itself what it should be told. */
final class Asks {
  private final LongSupplier clock = System::currentTimeMillis;

  Object[] everything() throws InterruptedException {
    Thread.sleep(1);
    return new Object[] {
      Instant.now(), LocalDate.now(ZoneOffset.UTC), new Random(), Math.random(), clock.getAsLong()
    };
  }
}
