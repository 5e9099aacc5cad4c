package dev.stoker.health;

/** The exit codes of a worker that more than the worker must know. */
public final class WorkerExit {

  /** Its inner watchdog ended it: one of its loops stood still. */
  public static final int STARVED = 71;

  private WorkerExit() {}
}
