package dev.stoker.watchdog.slot;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerId;
import dev.stoker.health.WorkerStatus;
import java.time.Duration;
import java.util.Optional;

/** What the database says of a slot's worker. */
public sealed interface RowSeen {

  /** The database has not answered lately: nothing is known. */
  record Blind() implements RowSeen {}

  record Missing() implements RowSeen {}

  /**
   * @param age of the newest beat of any incarnation; empty before the first
   */
  record Row(
      WorkerId id,
      Optional<ProcessIdentity> process,
      WorkerStatus status,
      Optional<Duration> age,
      int inFlight,
      long linesDone,
      long engineSteps)
      implements RowSeen {

    /**
     * It is past its start. One whose engine is down counts: it lives, and killing it mends no
     * engine.
     */
    boolean started() {
      return switch (status) {
        case RESERVED, STARTING -> false;
        case READY, ENGINE_DOWN, DRAINING, STOPPED, FENCED -> true;
      };
    }
  }
}
