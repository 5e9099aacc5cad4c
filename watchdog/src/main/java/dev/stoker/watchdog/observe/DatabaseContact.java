package dev.stoker.watchdog.observe;

import java.time.Duration;

/**
 * How well the database has answered. While it is away workers cannot beat, so the ages of their
 * beats prove nothing: not until it has answered for as long as a beat may be old.
 *
 * <p>Nor do they when the database's clock, which ages are taken by, steps against the monotonic
 * one: somebody set it, or the host slept, during which the monotonic clock stands still.
 *
 * @param known whether it has answered at all since the contact was lost
 * @param since when the unbroken contact began, by the monotonic clock
 * @param last when the question was asked that was last answered
 * @param aheadMillis how far the database's clock was ahead of the monotonic one in that answer
 * @param gapMax the longest pause between answers that does not break the contact, and the largest
 *     step of the database's clock
 */
public record DatabaseContact(
    boolean known, long since, long last, long aheadMillis, Duration gapMax) {

  private static final Duration GAP_MAX = Duration.ofSeconds(15);

  /**
   * Before the first answer.
   *
   * @param staleAfter how old a beat may be
   */
  public static DatabaseContact none(Duration staleAfter) {
    Duration half = staleAfter.dividedBy(2);
    return new DatabaseContact(false, 0, 0, 0, half.compareTo(GAP_MAX) < 0 ? half : GAP_MAX);
  }

  /** Time is counted from the question, which is never later than what the answer says. */
  public DatabaseContact answered(long askedAt, long ahead) {
    boolean unbroken = known && askedAt - last <= gapMax.toNanos() && !steps(ahead);
    return new DatabaseContact(true, unbroken ? since : askedAt, askedAt, ahead, gapMax);
  }

  /** Whether the database's clock and the monotonic one advanced differently since last time. */
  public boolean steps(long ahead) {
    return known && Math.abs(ahead - aheadMillis) > gapMax.toMillis();
  }

  /** This process stood still: whatever it remembers of time is worth nothing. */
  public DatabaseContact lost() {
    return new DatabaseContact(false, 0, 0, 0, gapMax);
  }

  /** Whether what was last read may still be true. */
  public boolean recent(long now) {
    return known && now - last <= gapMax.toNanos();
  }

  /** For how long it has answered without a gap; nothing if it does not now. */
  public Duration unbroken(long now) {
    return recent(now) ? Duration.ofNanos(now - since) : Duration.ZERO;
  }
}
