package dev.stoker.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How long it took, each time that all workers were killed, until the API showed the next finished
 * line. Coarse by the pause between two looks.
 */
final class Recoveries {
  private static final int UNKNOWN = -1;

  private final List<Duration> times = new ArrayList<>();
  private long killedAt;
  private int finishedThen = UNKNOWN;
  private boolean open;

  synchronized void workersKilled() {
    killedAt = System.nanoTime();
    finishedThen = UNKNOWN;
    open = true;
  }

  /**
   * Told of each look at all batches.
   *
   * @param begun when the look began
   * @param finished lines finished as it showed, of all batches
   * @param anyOpen whether there was anything left to do
   */
  synchronized void looked(long begun, int finished, boolean anyOpen) {
    if (!open || begun - killedAt < 0) {
      return;
    }
    if (!anyOpen) {
      open = false;
    } else if (finishedThen == UNKNOWN) {
      finishedThen = finished;
    } else if (finished > finishedThen) {
      times.add(Duration.ofNanos(System.nanoTime() - killedAt));
      open = false;
    }
  }

  /** The shortest first. */
  synchronized List<Duration> times() {
    return times.stream().sorted().toList();
  }
}
