package dev.stoker.watchdog.slot;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.SlotWish;
import dev.stoker.health.WorkerId;

/** What shall be done now. Each is carried out once; those that ask are answered. */
public sealed interface Action {

  /** Watch a process that is there, if it is. */
  record Adopt(ProcessIdentity process) implements Action {}

  /** Let the database refuse whatever this incarnation still says. */
  record Fence(WorkerId id) implements Action {}

  /** Write down what can be learnt of a living process before it is ended. */
  record Gather(Verdict verdict) implements Action {}

  /** Ask the process to end. */
  record Terminate() implements Action {}

  /** Make everything in its tree end. */
  record Kill() implements Action {}

  /** Return the leases of a dead incarnation; what it was running may be to blame. */
  record ReturnLeases(Verdict verdict) implements Action {}

  /** Ask whether the slot's GPU is well, and free again. */
  record CheckGpu() implements Action {}

  /** Say that a person's wish is done, or void. */
  record Grant(SlotWish wish) implements Action {}

  /** Ask for the right to start a process. */
  record Reserve(Start start) implements Action {}

  record Launch(WorkerId id, long recovery) implements Action {}

  record Tell(Notice notice) implements Action {}
}
