package dev.stoker.watchdog.slot;

import dev.stoker.health.SlotState;
import dev.stoker.health.SlotWish;
import java.time.Duration;
import java.util.Optional;

/**
 * Everything a decision rests on.
 *
 * @param now monotonic
 * @param contact for how long the database has answered without a gap, during which neither this
 *     process was stopped nor the database's clock stepped: no heartbeat younger than this can have
 *     been kept from it
 * @param before what an earlier watchdog last said of the slot
 * @param local empty if the worker shows none, or has not yet
 * @param wish what a person asks for; void once it was granted
 * @param answer to the last action, if it has just come
 * @param stopping whether the watchdog is to end
 * @param jitter a random number from 0 to 1
 */
public record Observation(
    long now,
    ProcessSeen process,
    RowSeen row,
    Duration contact,
    Optional<SlotState> before,
    Optional<LocalSeen> local,
    SlotWish wish,
    Optional<Answer> answer,
    boolean stopping,
    double jitter) {}
