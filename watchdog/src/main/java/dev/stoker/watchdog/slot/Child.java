package dev.stoker.watchdog.slot;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerId;

/** A process in the slot. */
public record Child(WorkerId id, ProcessIdentity process) {}
