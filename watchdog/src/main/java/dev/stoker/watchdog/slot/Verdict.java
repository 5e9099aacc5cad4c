package dev.stoker.watchdog.slot;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerId;
import java.util.Optional;

/**
 * That a worker is at its end, and why.
 *
 * @param process empty if it never came to be
 * @param manner how its process is ended, if it is not dead
 * @param streak respawns in a row so far
 * @param fruitless whether it had work for long and finished nothing of it
 * @param at when it was found, by the monotonic clock
 */
public record Verdict(
    WorkerId id,
    Optional<ProcessIdentity> process,
    Cause cause,
    Manner manner,
    int streak,
    boolean fruitless,
    long at) {

  /** How a process is ended. */
  public enum Manner {
    /** Asked first, then made to. */
    POLITE,
    /** Made to at once. */
    AT_ONCE,
    /** Was asked already, since the watchdog stops: no successor follows. */
    FOR_GOOD
  }

  static Verdict of(Child child, Cause cause, int streak, long now) {
    return new Verdict(
        child.id(), Optional.of(child.process()), cause, Manner.POLITE, streak, false, now);
  }

  Verdict in(Manner other) {
    return new Verdict(id, process, cause, other, streak, fruitless, at);
  }

  Verdict fruitless(boolean nothingDone) {
    return new Verdict(id, process, cause, manner, streak, nothingDone, at);
  }

  public boolean forGood() {
    return manner == Manner.FOR_GOOD;
  }
}
