package dev.stoker.watchdog.slot;

import dev.stoker.watchdog.process.ExitStatus;
import dev.stoker.watchdog.process.OutOfMemory.Killer;
import java.util.Optional;

/** Whether what a worker was running may be why it is dead. */
public final class Blame {

  private static final int KILL = 9;
  private static final int TERM = 15;

  private Blame() {}

  /**
   * @param killer who sent the signal, if it was SIGKILL
   * @param answered how many lines its engine had answered; empty if not known
   */
  public static boolean of(Cause cause, Optional<Killer> killer, Optional<Long> answered) {
    return switch (cause) {
      case Cause.Died died ->
          died.status().map(status -> of(status, killer, answered)).orElse(true);
      // A line that takes for ever looks like this.
      case Cause.Silent _, Cause.SilentLocally _, Cause.Stuck _ -> true;
      case Cause.Planned _, Cause.Superseded _, Cause.NotStarted _ -> false;
      case Cause.FoundDead _, Cause.NeverReady _, Cause.CutOff _ -> false;
    };
  }

  private static boolean of(ExitStatus status, Optional<Killer> killer, Optional<Long> answered) {
    boolean byHand = status.signal() == KILL && killer.filter(Killer.SOMEBODY::equals).isPresent();
    if (byHand) {
      // Somebody who kills every worker before its first answer may well be sent by a line.
      return answered.filter(number -> number == 0).isPresent();
    }
    boolean asked = status.signal() == TERM || status.returned(0);
    boolean itsPlace =
        status.returned(ExitStatus.FENCED) || status.returned(ExitStatus.MISCONFIGURED);
    return !asked && !itsPlace;
  }
}
