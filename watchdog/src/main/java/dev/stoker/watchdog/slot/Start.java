package dev.stoker.watchdog.slot;

import java.util.Optional;

/**
 * A process that shall be.
 *
 * @param streak respawns in a row, this one included
 * @param after whose place it takes
 */
public record Start(Cause cause, int streak, Optional<Ending> after) {

  /** Whether it was made necessary by a line that is being closed in on. */
  public boolean poison() {
    return cause.counts() && after.filter(Ending::poison).isPresent();
  }

  /** Whether the line is found that was closed in on. */
  public boolean convicted() {
    return poison() && after.filter(Ending::convicted).isPresent();
  }
}
