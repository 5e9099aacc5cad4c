package dev.stoker.health;

import java.util.Locale;

/** What a person asks of a watchdog for one slot. */
public enum SlotWish {
  NONE,
  /** Let a slot run again that was given up or quarantined. */
  RESUME,
  /** End the worker politely and start another; costs no restart. */
  RESTART;

  public String wireName() {
    return this == NONE ? "" : name().toLowerCase(Locale.ROOT);
  }

  static SlotWish ofWireName(String name) {
    return name.isEmpty() ? NONE : valueOf(name.toUpperCase(Locale.ROOT));
  }
}
