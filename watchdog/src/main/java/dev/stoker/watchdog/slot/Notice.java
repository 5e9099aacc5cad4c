package dev.stoker.watchdog.slot;

import dev.stoker.health.SlotWish;
import java.time.Duration;

/** Something people should know. */
public sealed interface Notice {

  /** It was there already when the watchdog started. */
  record Adopted(Child child) implements Notice {}

  record Suspected(String reason) implements Notice {}

  record Cleared() implements Notice {}

  /** A worker is at its end. */
  record Condemned(Verdict verdict) implements Notice {}

  record Launched(Start start, Child child) implements Notice {}

  /**
   * A worker works that was started by this watchdog.
   *
   * @param toLaunch from the end of its predecessor, or the wish, to its process
   * @param toReady from the same moment to its word that it is ready
   */
  record Ready(Start start, Child child, long recovery, Duration toLaunch, Duration toReady)
      implements Notice {}

  record Waiting(Start start, Duration delay) implements Notice {}

  record GaveUp(String reason, Start start) implements Notice {}

  record Unkillable(Verdict verdict) implements Notice {}

  /** Its GPU's memory is held by others, or still. */
  record GpuBusy(String holders) implements Notice {}

  record Quarantined(String reason) implements Notice {}

  /** A person has asked for it. */
  record Granted(SlotWish wish) implements Notice {}

  record Stopped() implements Notice {}
}
