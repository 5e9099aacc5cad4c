package dev.stoker.model;

import java.util.Locale;

/** How it is with a model. */
public enum ModelState {
  /** Some worker has it in memory. */
  LOADED,
  /** Some worker is loading it, and none has it. */
  LOADING,
  /** Workers load it when there is work for it. */
  AVAILABLE,
  /** It could not be loaded: its requests end with an error until a person resets it. */
  QUARANTINED,
  /** No worker that lives serves it. */
  UNSERVED;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
