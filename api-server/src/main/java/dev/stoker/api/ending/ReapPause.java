package dev.stoker.api.ending;

import java.time.Duration;

/**
 * Decides whether leases that ran out are returned to the queue. After a time without the database
 * the holders get the first word: they could not renew or settle either. The start counts as the
 * end of such a time. Pure, but for what it has been told.
 */
final class ReapPause {
  private static final long OUTAGE_NANOS = Duration.ofSeconds(5).toNanos();
  private static final long PAUSE_NANOS = Duration.ofSeconds(15).toNanos();

  private boolean begun;
  private long answeredNanos;
  private long overNanos;

  /** The database has just answered. */
  void answered(long nowNanos) {
    if (!begun || nowNanos - answeredNanos > OUTAGE_NANOS) {
      overNanos = nowNanos + PAUSE_NANOS;
    }
    begun = true;
    answeredNanos = nowNanos;
  }

  boolean over(long nowNanos) {
    return begun && nowNanos - overNanos >= 0;
  }
}
