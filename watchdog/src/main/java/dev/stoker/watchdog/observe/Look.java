package dev.stoker.watchdog.observe;

import dev.stoker.health.SlotView;
import dev.stoker.health.WorkerView;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What was read from the database at once.
 *
 * @param askedAt by the monotonic clock
 * @param answeredAt the ages within are to be counted on from here
 * @param clockMillis the database's clock, read after the ages: no step of it before them is missed
 */
public record Look(
    long askedAt,
    long answeredAt,
    List<WorkerView> workers,
    List<SlotView> slots,
    long clockMillis) {

  /** How far the database's clock is ahead of the monotonic one; it stays, unless a clock steps. */
  public long aheadMillis() {
    return clockMillis - TimeUnit.NANOSECONDS.toMillis(answeredAt);
  }
}
