package dev.stoker.simulation;

import dev.stoker.watchdog.process.ExitStatus;
import java.util.Optional;

/** What dies, stops and goes on as a whole. */
final class SimulatedProcess {
  private final String name;
  private final Runnable whenDying;
  private Optional<ExitStatus> exit = Optional.empty();
  private boolean stopped;

  /**
   * @param whenDying called while everything is as it was at its death
   */
  SimulatedProcess(String name, Runnable whenDying) {
    this.name = name;
    this.whenDying = whenDying;
  }

  boolean dead() {
    return exit.isPresent();
  }

  /** How it ended; empty while it lives. */
  Optional<ExitStatus> exit() {
    return exit;
  }

  /** It does nothing from now on; its tasks are unwound after this step. */
  void die(ExitStatus how) {
    if (exit.isEmpty()) {
      whenDying.run();
      exit = Optional.of(how);
    }
  }

  boolean stopped() {
    return stopped && !dead();
  }

  /** SIGSTOP, or SIGCONT. */
  void stopped(boolean now) {
    stopped = now;
  }

  @Override
  public String toString() {
    return name;
  }
}
