package dev.stoker.watchdog.slot;

import java.util.List;

/** What a slot is next, and what is done for that, in this order. */
public record Decision(SlotStatus next, List<Action> actions) {

  static Decision of(SlotStatus next, Action... actions) {
    return new Decision(next, List.of(actions));
  }
}
