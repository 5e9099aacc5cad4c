package dev.stoker.watchdog.recovery;

import dev.stoker.health.WorkerId;

/** What became of the wish to start one process. */
public sealed interface Reservation {

  /**
   * The right to start it.
   *
   * @param recovery its row
   */
  record Granted(WorkerId id, long recovery) implements Reservation {}

  /**
   * @param limit which would be exceeded, such as {@code 10 in an hour}
   */
  record Refused(String limit) implements Reservation {}
}
