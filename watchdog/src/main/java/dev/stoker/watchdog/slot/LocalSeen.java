package dev.stoker.watchdog.slot;

import java.time.Duration;

/**
 * What a worker shows without the database.
 *
 * @param still how long its local heartbeat has stood still, while this process watched
 * @param engineSteps as in its row, and fresher
 */
public record LocalSeen(Duration still, long engineSteps, int inFlight) {}
