package dev.stoker.health;

import java.util.Locale;

/** What the watchdog thinks of a worker slot. */
public enum SlotState {
  /** The watchdog has just started and looks at what is there. */
  RECONCILING,
  STARTING,
  RUNNING,
  /** Alive, but its heartbeat is late. */
  SUSPECT,
  KILLING,
  CONFIRMING,
  /** Dead, but its GPU's memory is not free yet. */
  GPU_BUSY,
  /** Waits before the next start. */
  BACKOFF,
  /** Too many restarts: a person must look. */
  GAVE_UP,
  /** Its GPU is broken: a person must look. */
  QUARANTINED,
  /** Killed, and yet there. */
  UNKILLABLE,
  /** Ended as planned. */
  STOPPED;

  /** Whether only a person ends it. */
  public boolean waitsForPerson() {
    return this == GAVE_UP || this == QUARANTINED;
  }

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  static SlotState ofWireName(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }
}
