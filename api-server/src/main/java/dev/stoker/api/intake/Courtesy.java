package dev.stoker.api.intake;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Gives way to a crowd that waits for answers, for whom nobody waits has time; but not for long, or
 * a crowd without end would leave the workers without work.
 */
final class Courtesy {
  static final Duration PATIENCE = Duration.ofSeconds(1);

  private final BooleanSupplier crowded;
  private final LongSupplier nanoTime;
  private OptionalLong end = OptionalLong.empty();

  /**
   * @param crowded whether there is a crowd just now
   */
  Courtesy(BooleanSupplier crowded, LongSupplier nanoTime) {
    this.crowded = crowded;
    this.nanoTime = nanoTime;
  }

  boolean givesWay() {
    if (!crowded.getAsBoolean()) {
      return false;
    }
    long now = nanoTime.getAsLong();
    if (end.isEmpty()) {
      end = OptionalLong.of(now + PATIENCE.toNanos());
    }
    return now - end.getAsLong() < 0;
  }

  /** All is done that it gave way with; patience is as long as ever again. */
  void done() {
    end = OptionalLong.empty();
  }
}
