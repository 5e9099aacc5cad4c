package dev.stoker.watchdog.slot;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerId;

/** What became of an action. */
public sealed interface Answer {

  record Adopted() implements Answer {}

  /** The process named by the database is dead. */
  record NotThere() implements Answer {}

  record Fenced() implements Answer {}

  /**
   * @param poison whether the dead process was running suspected lines only: one of them is the
   *     cause
   * @param convicted whether its death has made one of them certain
   */
  record Returned(int leases, boolean poison, boolean convicted) implements Answer {}

  /** What could be learnt is written down. */
  record Gathered() implements Answer {}

  /** The slot has no GPU, or one that a worker may use. */
  record GpuFree() implements Answer {}

  /**
   * @param holders who holds its memory, for people
   */
  record GpuBusy(String holders) implements Answer {}

  record GpuBroken(String reason) implements Answer {}

  /**
   * @param recovery its row
   */
  record Reserved(WorkerId id, long recovery) implements Answer {}

  /**
   * The budget of restarts is used up.
   *
   * @param limit which limit it was, such as {@code 10 in an hour}
   */
  record Refused(String limit) implements Answer {}

  record Launched(ProcessIdentity process) implements Answer {}

  record NotLaunched(String reason) implements Answer {}

  /** The database failed; whether it has done what was asked is not known. */
  record Failed() implements Answer {}
}
