package dev.stoker.health;

import java.util.Locale;

/** What a worker says of itself, or what is said of it once it cannot. */
public enum WorkerStatus {
  /** A process is about to be started. */
  RESERVED,
  STARTING,
  READY,
  /** Alive, but its engine answers nothing. */
  ENGINE_DOWN,
  DRAINING,
  /** Ended by itself after a drain. */
  STOPPED,
  /** Superseded; whatever it still writes is refused. */
  FENCED;

  /** Whether a process that says so of itself is there, provided that it said so lately. */
  public boolean alive() {
    return switch (this) {
      case STARTING, READY, ENGINE_DOWN, DRAINING -> true;
      case RESERVED, STOPPED, FENCED -> false;
    };
  }

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  static WorkerStatus ofWireName(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }
}
