package dev.stoker.watchdog.slot;

import java.util.Optional;

/**
 * A process that shall be.
 *
 * @param streak respawns in a row, this one included
 * @param after whose place it takes
 */
public record Start(Cause cause, int streak, Optional<Ending> after) {}
