package dev.stoker.watchdog.slot;

import java.time.Duration;

/**
 * What a worker has done since it was ready, by its own word.
 *
 * @param since when it was seen ready, by the monotonic clock
 * @param streak respawns in a row that led to it
 * @param linesAtStart lines it had finished then
 * @param linesDone lines it had finished when last seen
 * @param idleOrMovedAt when it last had nothing to do, or had finished a line, or could not be seen
 */
public record Watch(
    Child child, long since, int streak, long linesAtStart, long linesDone, long idleOrMovedAt) {

  static Watch begun(Child child, int streak, long linesDone, long now) {
    return new Watch(child, now, streak, linesDone, linesDone, now);
  }

  Watch unseen(long now) {
    return new Watch(child, since, streak, linesAtStart, linesDone, now);
  }

  Watch seen(RowSeen.Row row, long now) {
    boolean moved = row.inFlight() == 0 || row.linesDone() != linesDone;
    return new Watch(
        child, since, streak, linesAtStart, row.linesDone(), moved ? now : idleOrMovedAt);
  }

  /** A worker that has run well for so long, and has done something, starts with a clean slate. */
  Watch forgiven(Duration after, long now) {
    boolean well = now - since >= after.toNanos() && linesDone > linesAtStart;
    return well ? new Watch(child, since, 0, linesAtStart, linesDone, idleOrMovedAt) : this;
  }

  Duration still(long now) {
    return Duration.ofNanos(now - idleOrMovedAt);
  }
}
