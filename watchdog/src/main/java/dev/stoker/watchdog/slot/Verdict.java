package dev.stoker.watchdog.slot;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerId;
import java.util.Optional;

/**
 * That a worker is at its end, and why.
 *
 * @param process empty if it never came to be
 * @param polite whether it is asked to end before it is made to
 * @param forGood whether no successor follows, since the watchdog itself stops
 * @param streak respawns in a row so far
 * @param at when it was found, by the monotonic clock
 */
public record Verdict(
    WorkerId id,
    Optional<ProcessIdentity> process,
    Cause cause,
    boolean polite,
    boolean forGood,
    int streak,
    long at) {}
