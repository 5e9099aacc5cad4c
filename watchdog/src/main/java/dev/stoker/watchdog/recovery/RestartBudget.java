package dev.stoker.watchdog.recovery;

import java.util.Optional;

/**
 * How many unplanned starts a slot may have. The hour stops a crash loop; the day and the row stop
 * a worker that dies too slowly for the hour, night after night.
 *
 * @param perHour within any hour
 */
public record RestartBudget(int perHour) {

  /** Of the hour's. */
  private static final int PER_DAY_FACTOR = 2;

  private static final int FRUITLESS_MAX = 3;

  /** Within an hour. What goes beyond is no search for a poison line any more, and counts. */
  private static final int POISON_MAX = 60;

  /**
   * What is used up, by the database's clock.
   *
   * @param lastHour unplanned starts, those after a death by a suspected line apart
   * @param poisonLastHour those after a death by a suspected line
   * @param fruitlessInRow the newest starts in a row after a long life that finished nothing
   */
  public record Used(int lastHour, int lastDay, int poisonLastHour, int fruitlessInRow) {}

  /** Whether a start costs nothing, since it closes in on a poison line. */
  boolean isPoison(RecoveryDraft draft, Used used) {
    return draft.poison() && !draft.planned() && used.poisonLastHour() < POISON_MAX;
  }

  /** Whether the death that made the line suspect is forgiven, since the line is found. */
  boolean refunds(RecoveryDraft draft, Used used) {
    return draft.convicted() && isPoison(draft, used) && used.poisonLastHour() + 1 < POISON_MAX;
  }

  /** The limit that a start would exceed, for people; empty if it may be. */
  Optional<String> exceeded(RecoveryDraft draft, Used used) {
    if (draft.planned() || isPoison(draft, used)) {
      return Optional.empty();
    }
    if (used.lastHour() >= perHour) {
      return Optional.of(perHour + " in an hour");
    }
    if (used.lastDay() >= perHour * PER_DAY_FACTOR) {
      return Optional.of(perHour * PER_DAY_FACTOR + " in a day");
    }
    if (draft.fruitless() && used.fruitlessInRow() + 1 >= FRUITLESS_MAX) {
      return Optional.of(FRUITLESS_MAX + " in a row without a finished line");
    }
    return Optional.empty();
  }
}
