package dev.stoker.watchdog.recovery;

import dev.stoker.health.WorkerId;

/** The right to start one process. */
public record Reservation(WorkerId id, long recovery) {}
