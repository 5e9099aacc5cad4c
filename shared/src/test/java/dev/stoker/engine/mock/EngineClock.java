package dev.stoker.engine.mock;

/**
 * The time of the engine, which slows down when it is slow and stands still when it hangs. All
 * times are nanoseconds.
 */
final class EngineClock {
  private long since;
  private long engineThen;
  private double rate = 1;

  EngineClock(long now) {
    this.since = now;
  }

  /** From now on so many seconds of the engine pass in one. */
  void run(double newRate, long now) {
    engineThen = engineTime(now);
    since = now;
    rate = newRate;
  }

  long engineTime(long now) {
    return engineThen + (long) ((now - since) * rate);
  }

  boolean stands() {
    return rate == 0;
  }

  /** How long it takes from now until the engine's time has come; the clock must not stand. */
  long nanosUntil(long engineTime, long now) {
    return (long) Math.ceil((engineTime - engineTime(now)) / rate);
  }
}
