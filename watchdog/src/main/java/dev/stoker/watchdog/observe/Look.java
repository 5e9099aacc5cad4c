package dev.stoker.watchdog.observe;

import dev.stoker.health.SlotView;
import dev.stoker.health.WorkerView;
import java.util.List;

/**
 * What was read from the database at once.
 *
 * @param askedAt by the monotonic clock
 * @param answeredAt the ages within are to be counted on from here
 */
public record Look(long askedAt, long answeredAt, List<WorkerView> workers, List<SlotView> slots) {}
