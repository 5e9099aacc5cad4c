package dev.stoker.watchdog.slot;

import dev.stoker.watchdog.process.ExitStatus;
import java.util.Optional;

/** What the kernel says of a slot's process. */
public sealed interface ProcessSeen {

  /** The slot has none. */
  record None() implements ProcessSeen {}

  record Alive() implements ProcessSeen {}

  /**
   * @param at when that was seen, by the monotonic clock
   * @param treeGone whether all that it had started is dead too
   */
  record Ended(Optional<ExitStatus> status, long at, boolean treeGone) implements ProcessSeen {}
}
