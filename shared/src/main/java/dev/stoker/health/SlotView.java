package dev.stoker.health;

import java.time.Duration;
import java.util.Optional;

/**
 * A slot as its watchdog last described it, with ages by the database's clock.
 *
 * @param reason why it is in this state, for people; may be empty
 * @param sinceSeen how long ago its watchdog last looked
 * @param respawnsInWindow unplanned starts within the last hour
 * @param watchdogPid the watchdog's, on its host
 * @param wish what a person has asked for and the watchdog has not done yet
 * @param gpuFault what is wrong with a GPU that its worker uses
 */
public record SlotView(
    String worker,
    String host,
    SlotState state,
    String reason,
    Duration since,
    Duration sinceSeen,
    int respawnsInWindow,
    long watchdogPid,
    SlotWish wish,
    Optional<GpuFault> gpuFault) {}
