package dev.stoker.watchdog.slot;

import dev.stoker.health.SlotState;
import java.util.Optional;

/**
 * Everything a decision rests on.
 *
 * @param now monotonic
 * @param trusted whether the ages of heartbeats prove anything: the database has answered without a
 *     gap for as long as a heartbeat may be old, and neither was this process stopped meanwhile nor
 *     did the database's clock step
 * @param before what an earlier watchdog last said of the slot
 * @param answer to the last action, if it has just come
 * @param stopping whether the watchdog is to end
 * @param jitter a random number from 0 to 1
 */
public record Observation(
    long now,
    ProcessSeen process,
    RowSeen row,
    boolean trusted,
    Optional<SlotState> before,
    Optional<Answer> answer,
    boolean stopping,
    double jitter) {}
