package dev.stoker.worker.engine.openai;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * Tells an engine that hangs from one that is slow: requests are in flight, nothing is answered,
 * its own counters stand still, and then not even a tiny question is answered. No clocks inside;
 * for one thread.
 */
final class Stillness {

  /** What to do after a look. */
  enum Verdict {
    /** Nothing. */
    FINE,
    /** Ask the engine something tiny. */
    ASK,
    /** It hangs. */
    FROZEN
  }

  /**
   * What is seen at one moment.
   *
   * @param inFlight requests that the engine has
   * @param progress changes whenever the engine answers anything, or its counters move
   * @param counted whether the engine has counters that show each step
   * @param overdue whether a request is in flight for longer than it should be
   */
  record Look(int inFlight, double progress, boolean counted, boolean overdue) {}

  /** Between two looks of a process that runs lies less; else it stood still itself. */
  private static final Duration PAUSE_MAX = Duration.ofSeconds(10);

  private final long patienceNanos;
  private double progress;
  private long movedNanos;
  private long lookedNanos;
  private OptionalLong askedNanos = OptionalLong.empty();

  /**
   * @param patience how long the engine may stand still before it is asked, and then how long it
   *     may take to answer before it counts as frozen
   */
  Stillness(Duration patience, long nowNanos) {
    this.patienceNanos = patience.toNanos();
    restart(nowNanos);
  }

  /** Whatever was before counts no more. */
  void restart(long nowNanos) {
    movedNanos = nowNanos;
    lookedNanos = nowNanos;
    askedNanos = OptionalLong.empty();
  }

  /**
   * An engine without counters may work long on the answers of others before it comes to the
   * question, so it must also owe an answer for longer than that could take.
   */
  Verdict look(Look now, long nowNanos) {
    boolean moved = now.inFlight() == 0 || now.progress() != progress;
    boolean paused = nowNanos - lookedNanos > Math.max(patienceNanos, PAUSE_MAX.toNanos());
    if (moved || paused) {
      progress = now.progress();
      restart(nowNanos);
    }
    lookedNanos = nowNanos;
    if (askedNanos.isPresent()) {
      boolean unanswered = nowNanos - askedNanos.getAsLong() >= patienceNanos;
      return unanswered && (now.counted() || now.overdue()) ? Verdict.FROZEN : Verdict.FINE;
    }
    if (nowNanos - movedNanos < patienceNanos) {
      return Verdict.FINE;
    }
    askedNanos = OptionalLong.of(nowNanos);
    return Verdict.ASK;
  }

  /** Whether the engine has moved since then; if not, it may be frozen, and nobody knows yet. */
  boolean movedSince(long nanos) {
    return movedNanos - nanos > 0;
  }
}
