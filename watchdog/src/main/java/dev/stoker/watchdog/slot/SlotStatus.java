package dev.stoker.watchdog.slot;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.SlotState;
import dev.stoker.health.WorkerId;
import java.util.Optional;

/** Where a slot is in its life; finer than what is shown of it. */
public sealed interface SlotStatus {

  /** What others are shown. */
  SlotState state();

  /** Why it is so, for people; may be empty. */
  String reason();

  /** The process in the slot, as long as it is to be watched. */
  static Optional<Child> childOf(SlotStatus status) {
    return switch (status) {
      case Starting starting -> Optional.of(starting.child());
      case Running running -> Optional.of(running.watch().child());
      case Suspect suspect -> Optional.of(suspect.watch().child());
      case Draining draining -> Optional.of(draining.child());
      case Reconciling _, Adopting _, Gathering _, Fencing _, Killing _ -> Optional.empty();
      case Confirming _, Unkillable _, Returning _, CheckingGpu _ -> Optional.empty();
      case Backoff _, Reserving _, Launching _ -> Optional.empty();
      case GaveUp _, Quarantined _, Stopped _ -> Optional.empty();
    };
  }

  /** Waits for the database to say what is there. */
  record Reconciling() implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.RECONCILING;
    }

    @Override
    public String reason() {
      return "waits for the database";
    }
  }

  /** Looks whether the process that the database names is alive. */
  record Adopting(RowSeen.Row row, ProcessIdentity process) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.RECONCILING;
    }

    @Override
    public String reason() {
      return "looks for process " + process.pid();
    }
  }

  /**
   * There is a process that is not ready yet.
   *
   * @param recovery its row; 0 if another watchdog started it
   * @param engineSteps how far its engine has come
   * @param movedAt when it last came further
   */
  record Starting(
      Child child, Start start, long recovery, long launchedAt, long engineSteps, long movedAt)
      implements SlotStatus {

    Starting unseen(long now) {
      return new Starting(child, start, recovery, launchedAt, engineSteps, now);
    }

    Starting moved(long steps, long now) {
      return steps == engineSteps
          ? this
          : new Starting(child, start, recovery, launchedAt, steps, now);
    }

    @Override
    public SlotState state() {
      return SlotState.STARTING;
    }

    @Override
    public String reason() {
      return start.cause().text();
    }
  }

  record Running(Watch watch) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.RUNNING;
    }

    @Override
    public String reason() {
      return "";
    }
  }

  /** Alive, and something is wrong with its row. */
  record Suspect(Watch watch, long since, String reason) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.SUSPECT;
    }
  }

  /**
   * Asked to end, as planned; it may finish what it has in hand.
   *
   * @param again whether another follows
   */
  record Draining(Child child, int streak, long deadline, boolean again) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.KILLING;
    }

    @Override
    public String reason() {
      return again ? "drains, to be started again" : "drains, since the watchdog stops";
    }
  }

  /** At its end: what can be learnt of it is written down first. */
  record Gathering(Verdict verdict, long deadline) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.KILLING;
    }

    @Override
    public String reason() {
      return verdict.cause().text();
    }
  }

  /** Waits until the database refuses whatever the worker may still say. */
  record Fencing(Verdict verdict, Request request) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.KILLING;
    }

    @Override
    public String reason() {
      return verdict.cause().text();
    }
  }

  /** Asked to end; made to at the deadline. */
  record Killing(Verdict verdict, long fencedAt, long deadline) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.KILLING;
    }

    @Override
    public String reason() {
      return verdict.cause().text();
    }
  }

  /** Everything is sent SIGKILL; waits until nothing is left. */
  record Confirming(Verdict verdict, long fencedAt, long deadline) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.CONFIRMING;
    }

    @Override
    public String reason() {
      return verdict.cause().text();
    }
  }

  /** Something of it survives SIGKILL: a driver holds it. Ends by itself when that ends. */
  record Unkillable(Verdict verdict, long fencedAt, long againAt) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.UNKILLABLE;
    }

    @Override
    public String reason() {
      return verdict.cause().text() + "; killed, and not dead: a driver may hang";
    }
  }

  /** Dead for certain; its leases go back to the queue. */
  record Returning(Ending ending, Request request) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.CONFIRMING;
    }

    @Override
    public String reason() {
      return ending.verdict().cause().text();
    }
  }

  /**
   * Nobody is started on a GPU that is broken, or still full.
   *
   * @param busy who holds its memory; empty as long as that is not known
   * @param told whether people were told
   */
  record CheckingGpu(Start start, Request request, long since, String busy, boolean told)
      implements SlotStatus {

    CheckingGpu asked(Request other) {
      return new CheckingGpu(start, other, since, busy, told);
    }

    @Override
    public SlotState state() {
      return busy.isEmpty() ? SlotState.CONFIRMING : SlotState.GPU_BUSY;
    }

    @Override
    public String reason() {
      return busy.isEmpty() ? start.cause().text() : "its GPU is not free: " + busy;
    }
  }

  record Backoff(Start start, long until) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.BACKOFF;
    }

    @Override
    public String reason() {
      return start.cause().text();
    }
  }

  /** Asks the database for the right to start a process. */
  record Reserving(Start start, Request request) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.BACKOFF;
    }

    @Override
    public String reason() {
      return start.cause().text();
    }
  }

  /** The right is there; the process is being made. */
  record Launching(Start start, WorkerId id, long recovery) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.STARTING;
    }

    @Override
    public String reason() {
      return start.cause().text();
    }
  }

  /** Ends only by a person. */
  record GaveUp(String reason) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.GAVE_UP;
    }
  }

  /** Its GPU is broken; ends only by a person. */
  record Quarantined(String reason) implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.QUARANTINED;
    }
  }

  /** Ended as planned. */
  record Stopped() implements SlotStatus {
    @Override
    public SlotState state() {
      return SlotState.STOPPED;
    }

    @Override
    public String reason() {
      return "";
    }
  }
}
