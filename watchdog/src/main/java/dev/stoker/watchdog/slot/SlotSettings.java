package dev.stoker.watchdog.slot;

import dev.stoker.health.Gate;
import dev.stoker.health.RespawnLimits;
import dev.stoker.settings.Settings;
import java.time.Duration;

/**
 * How patient the watchdog is.
 *
 * @param staleAfter how old a heartbeat may be
 * @param stuckAfter how long the engine of a worker with work in flight may show nothing
 * @param startDeadline how long a worker may take to become ready
 * @param killGrace between asking a worker to end and making it
 * @param drainGrace the same when the watchdog stops, for work in hand
 * @param respawnsPerHour starts that something went wrong before
 * @param backoffMax the longest pause before a start
 */
public record SlotSettings(
    Duration staleAfter,
    Duration stuckAfter,
    Duration startDeadline,
    Duration killGrace,
    Duration drainGrace,
    int respawnsPerHour,
    Duration backoffMax) {

  private static final Duration BRIEF = Duration.ofMillis(100);
  private static final Duration HOUR = Duration.ofHours(1);
  private static final int CANARIES_MIN = 3;

  public static SlotSettings from(Settings settings) {
    RespawnLimits limits = RespawnLimits.from(settings);
    return new SlotSettings(
        Gate.from(settings).staleAfter(),
        stuckAfter(settings),
        limits.startDeadline(),
        settings.duration(
            "STOKER_KILL_GRACE",
            Duration.ofSeconds(10),
            BRIEF,
            HOUR,
            "between SIGTERM and SIGKILL for a worker that hangs"),
        settings.duration(
            "STOKER_STOP_GRACE",
            Duration.ofSeconds(30),
            BRIEF,
            HOUR,
            "how long a worker may take to drain before it is killed; longer than its own STOKER_DRAIN_GRACE"),
        limits.perHour(),
        settings.duration(
            "STOKER_BACKOFF_MAX",
            Duration.ofSeconds(300),
            Duration.ZERO,
            HOUR,
            "the longest pause before a restart; the first is at once, then 1s and doubling"));
  }

  /** A slow request must not look stuck: there must be time for canaries to be answered. */
  private static Duration stuckAfter(Settings settings) {
    Duration stuckAfter =
        settings.duration(
            "STOKER_STUCK_AFTER",
            Duration.ofMinutes(5),
            Duration.ofSeconds(1),
            Duration.ofDays(7),
            "a worker is restarted that has work in flight and whose engine answers nothing for so long, not even a canary");
    // The worker's own; read here in the same words.
    Duration canaryAfter =
        settings.duration(
            "STOKER_CANARY_AFTER",
            Duration.ofMinutes(1),
            BRIEF,
            HOUR,
            "with requests in flight and none answered for so long, the engine is asked something tiny");
    settings.require(
        stuckAfter.compareTo(canaryAfter.multipliedBy(CANARIES_MIN)) >= 0,
        "STOKER_STUCK_AFTER must be at least three times STOKER_CANARY_AFTER, or a slow request looks stuck");
    return stuckAfter;
  }

  /** When a late heartbeat is first remarked upon. */
  Duration suspectAfter() {
    return staleAfter.dividedBy(3);
  }
}
