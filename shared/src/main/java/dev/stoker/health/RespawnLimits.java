package dev.stoker.health;

import dev.stoker.settings.Settings;
import java.time.Duration;

/**
 * How far the watchdog goes for a worker; others say so or wait as long.
 *
 * @param startDeadline how long a worker may take to become ready
 * @param perHour starts that something went wrong before
 */
public record RespawnLimits(Duration startDeadline, int perHour) {

  public static RespawnLimits from(Settings settings) {
    return new RespawnLimits(
        settings.duration(
            "STOKER_START_DEADLINE",
            Duration.ofSeconds(900),
            Duration.ofSeconds(1),
            Duration.ofDays(1),
            "a worker that is not ready after this time is restarted; loading a model counts"),
        settings.integer(
            "STOKER_RESPAWNS_PER_HOUR",
            10,
            0,
            1000,
            "unplanned restarts of a worker within an hour before the watchdog gives up"));
  }
}
