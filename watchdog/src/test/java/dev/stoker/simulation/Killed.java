package dev.stoker.simulation;

/** Unwinds a task whose process is dead. No error that anybody handles. */
final class Killed extends Error {
  private static final long serialVersionUID = 1;

  Killed() {
    super("the process is dead", null, false, false);
  }
}
