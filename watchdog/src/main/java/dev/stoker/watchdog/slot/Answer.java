package dev.stoker.watchdog.slot;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerId;

/** What became of an action. */
public sealed interface Answer {

  record Adopted() implements Answer {}

  /** The process named by the database is dead. */
  record NotThere() implements Answer {}

  record Fenced() implements Answer {}

  record Returned(int leases) implements Answer {}

  /**
   * @param recovery its row
   */
  record Reserved(WorkerId id, long recovery) implements Answer {}

  /** The budget of restarts is used up. */
  record Refused() implements Answer {}

  record Launched(ProcessIdentity process) implements Answer {}

  record NotLaunched(String reason) implements Answer {}

  /** The database failed; whether it has done what was asked is not known. */
  record Failed() implements Answer {}
}
