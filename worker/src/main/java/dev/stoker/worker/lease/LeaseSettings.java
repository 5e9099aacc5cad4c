package dev.stoker.worker.lease;

import dev.stoker.settings.Settings;
import java.time.Duration;

/**
 * @param ttl how long a lease lasts without a renewal, by the database's clock
 * @param renewEvery how often all leases are renewed
 * @param safetyMargin how much earlier than the database the holder stops to believe in its lease
 * @param idlePoll how long a worker without work waits before it looks again
 */
public record LeaseSettings(
    Duration ttl, Duration renewEvery, Duration safetyMargin, Duration idlePoll) {

  public static LeaseSettings from(Settings settings) {
    Duration ttl =
        settings.duration(
            "STOKER_LEASE_TTL",
            Duration.ofSeconds(30),
            Duration.ofSeconds(2),
            Duration.ofHours(1),
            "how long a lease lasts without a renewal");
    Duration renewEvery =
        settings.duration(
            "STOKER_LEASE_RENEW_EVERY",
            Duration.ofSeconds(5),
            Duration.ofMillis(200),
            Duration.ofMinutes(10),
            "how often leases are renewed");
    settings.require(
        renewEvery.multipliedBy(3).compareTo(ttl) <= 0,
        "STOKER_LEASE_RENEW_EVERY must be at most a third of STOKER_LEASE_TTL, so that two renewals may fail");
    Duration idlePoll =
        settings.duration(
            "STOKER_IDLE_POLL",
            Duration.ofMillis(200),
            Duration.ofMillis(10),
            Duration.ofMinutes(1),
            "how long a worker without work waits before it looks again");
    return new LeaseSettings(ttl, renewEvery, ttl.dividedBy(6), idlePoll);
  }
}
