package dev.stoker.worker.lease;

import java.util.OptionalInt;

/** What may start now. */
enum Turn {
  /** A line above suspicion. */
  FRESH,
  /** A line that one worker died of: with nothing but others of its kind. */
  GROUPED,
  /** A line that several workers died of: with nothing else at all. */
  LONE,
  /** Nothing until something changes. */
  NONE;

  /**
   * What a turn depends on.
   *
   * @param fresh lines above suspicion that wait
   * @param grouped suspects that wait and may run in a group
   * @param lone suspects that wait and must run alone
   * @param running lines that have started and not left yet
   * @param slots how many may run at once
   * @param overdue whether suspects have waited long enough behind fresh lines
   * @param group how many more may join the suspects that run; empty while no suspect runs
   */
  record Traffic(
      int fresh,
      int grouped,
      int lone,
      int running,
      int slots,
      boolean overdue,
      OptionalInt group) {

    private boolean suspects() {
      return grouped + lone > 0;
    }

    private boolean suspectsFirst() {
      return suspects() && (fresh == 0 || overdue);
    }
  }

  static Turn next(Traffic now) {
    if (now.group().isPresent()) {
      return now.group().getAsInt() > 0 && now.grouped() > 0 ? GROUPED : NONE;
    }
    if (now.suspectsFirst()) {
      return now.running() == 0 ? firstOfSuspects(now) : NONE;
    }
    return now.fresh() > 0 && now.running() < now.slots() ? FRESH : NONE;
  }

  /** The lesser suspects first: fewer lines run again if the worse one ends this worker. */
  private static Turn firstOfSuspects(Traffic now) {
    return now.grouped() > 0 ? GROUPED : LONE;
  }
}
