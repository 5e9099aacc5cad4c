package dev.stoker.watchdog.slot;

import java.time.Duration;

/**
 * What a worker has done since it was ready, by its own word.
 *
 * @param since when it was seen ready, by the monotonic clock
 * @param streak respawns in a row that led to it
 * @param linesAtStart lines it had finished then
 * @param linesDone lines it had finished when last seen
 * @param engineSteps what its engine had shown of itself when last seen
 * @param inFlight lines in flight when last seen
 * @param idleOrMovedAt when it last had nothing to do, or its engine moved, or could not be seen
 */
public record Watch(
    Child child,
    long since,
    int streak,
    long linesAtStart,
    long linesDone,
    long engineSteps,
    int inFlight,
    long idleOrMovedAt) {

  /** Deaths sooner than this are what the limit per hour is for. */
  private static final Duration LONG_LIFE = Duration.ofMinutes(5);

  static Watch begun(Child child, int streak, RowSeen.Row row, long now) {
    return new Watch(
        child,
        now,
        streak,
        row.linesDone(),
        row.linesDone(),
        row.engineSteps(),
        row.inFlight(),
        now);
  }

  Watch unseen(long now) {
    return new Watch(child, since, streak, linesAtStart, linesDone, engineSteps, inFlight, now);
  }

  Watch seen(RowSeen.Row row, long steps, long now) {
    boolean moved = row.inFlight() == 0 || steps != engineSteps || row.linesDone() != linesDone;
    return new Watch(
        child,
        since,
        streak,
        linesAtStart,
        row.linesDone(),
        steps,
        row.inFlight(),
        moved ? now : idleOrMovedAt);
  }

  /** A worker that has run well for so long, and has done something, starts with a clean slate. */
  Watch forgiven(Duration after, long now) {
    boolean well = now - since >= after.toNanos() && linesDone > linesAtStart;
    return well
        ? new Watch(child, since, 0, linesAtStart, linesDone, engineSteps, inFlight, idleOrMovedAt)
        : this;
  }

  Duration still(long now) {
    return Duration.ofNanos(now - idleOrMovedAt);
  }

  /** Whether it had work for long and finished nothing of it. */
  boolean fruitless(long now) {
    return inFlight > 0 && linesDone == linesAtStart && now - since >= LONG_LIFE.toNanos();
  }
}
