package dev.stoker.watchdog.slot;

import dev.stoker.watchdog.process.ExitStatus;
import java.time.Duration;
import java.util.Optional;

/**
 * A worker's end, with the time of each step by the monotonic clock.
 *
 * @param exit how its process ended, if anybody knows
 * @param killedAt when its process was dead
 * @param confirmedAt when nothing that it had started was left
 * @param poison whether the cause is among a few suspected lines, and closed in on
 * @param convicted whether that search has ended with it
 */
public record Ending(
    Verdict verdict,
    Optional<ExitStatus> exit,
    long fencedAt,
    long killedAt,
    long confirmedAt,
    int leasesReturned,
    boolean poison,
    boolean convicted) {

  Ending returned(Answer.Returned returned) {
    return new Ending(
        verdict,
        exit,
        fencedAt,
        killedAt,
        confirmedAt,
        returned.leases(),
        returned.poison(),
        returned.convicted());
  }

  public Duration toFence() {
    return Duration.ofNanos(fencedAt - verdict.at());
  }

  /** From the fence on; nothing if it was dead before. */
  public Duration toKill() {
    return Duration.ofNanos(Math.max(0, killedAt - fencedAt));
  }

  public Duration toConfirm() {
    return Duration.ofNanos(confirmedAt - Math.max(fencedAt, killedAt));
  }
}
