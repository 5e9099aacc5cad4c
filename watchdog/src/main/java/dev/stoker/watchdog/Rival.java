package dev.stoker.watchdog;

import dev.stoker.health.SlotView;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongPredicate;

/**
 * The watchdog of another installation on this host that looks after slots of the same names in the
 * same database. Each would fence the other's workers for ever.
 */
record Rival(long pid, String worker) {

  /** Longer than a watchdog leaves a slot undescribed. */
  private static final Duration RECENT = Duration.ofSeconds(15);

  /**
   * @param slots as they are before this watchdog describes any
   * @param ours the names of this watchdog's slots
   * @param watches whether a process of this host is a watchdog
   */
  static Optional<Rival> among(
      List<SlotView> slots, Set<String> ours, long ownPid, LongPredicate watches) {
    return slots.stream()
        .filter(slot -> ours.contains(slot.worker()))
        .filter(slot -> slot.sinceSeen().compareTo(RECENT) < 0)
        .filter(slot -> slot.watchdogPid() != ownPid)
        .filter(slot -> watches.test(slot.watchdogPid()))
        .map(slot -> new Rival(slot.watchdogPid(), slot.worker()))
        .findFirst();
  }
}
