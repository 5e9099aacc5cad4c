package dev.stoker.simulation;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Consumer;

/**
 * The time of a simulation. The monotonic clock of all processes is one; the database's runs along
 * with it and may be set forward.
 */
final class SimulatedClock implements InstantSource {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  /** Telling the database costs a statement. */
  private static final long STEP_NANOS = Duration.ofMillis(100).toNanos();

  private final Consumer<Instant> database;
  private long nanos;
  private long setForwardNanos;
  private long toldNanos = -STEP_NANOS;
  private long lastJumpNanos = Long.MIN_VALUE / 2;

  /**
   * @param database is told of the time of its clock
   */
  SimulatedClock(Consumer<Instant> database) {
    this.database = database;
    advanceTo(0);
  }

  long nanos() {
    return nanos;
  }

  void advanceTo(long later) {
    nanos = Math.max(nanos, later);
    if (nanos - toldNanos >= STEP_NANOS) {
      tell();
    }
  }

  /** Somebody sets the database's clock. */
  void setForward(Duration by) {
    setForwardNanos += by.toNanos();
    lastJumpNanos = nanos;
    tell();
  }

  /** Whether the database's clock has run like everybody's for as long as this. */
  boolean steadyFor(Duration time) {
    return nanos - lastJumpNanos > time.toNanos();
  }

  private void tell() {
    toldNanos = nanos;
    database.accept(instant());
  }

  @Override
  public Instant instant() {
    return START.plusNanos(nanos + setForwardNanos);
  }

  @Override
  public String toString() {
    return "%8.3f".formatted(nanos / 1e9);
  }
}
