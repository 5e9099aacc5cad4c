package dev.stoker.worker.liveness;

import dev.stoker.settings.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How a worker is watched from within.
 *
 * @param timeout how long a loop may stand still; zero lets it for ever
 * @param canaryAfter how long the engine may answer nothing before it is asked something tiny
 * @param beatFile where the beat in memory is
 */
public record LivenessSettings(Duration timeout, Duration canaryAfter, Optional<Path> beatFile) {

  /** A call of the database may take 30 seconds and be preceded by 5 more: that is no hang. */
  private static final Duration TIMEOUT_MIN = Duration.ofMinutes(1);

  public static LivenessSettings from(Settings settings) {
    Duration timeout =
        settings.duration(
            "WATCHDOG_TIMEOUT",
            Duration.ofMinutes(2),
            Duration.ZERO,
            Duration.ofHours(24),
            "a worker one of whose loops stands still for so long ends itself, to be replaced; at least 1m; 0 never");
    settings.require(
        timeout.isZero() || timeout.compareTo(TIMEOUT_MIN) >= 0,
        "WATCHDOG_TIMEOUT is shorter than 1m, the time that a call of the database may take;"
            + " 0 switches the watchdog off");
    return new LivenessSettings(
        timeout,
        settings.duration(
            "STOKER_CANARY_AFTER",
            Duration.ofMinutes(1),
            Duration.ofMillis(100),
            Duration.ofHours(1),
            "with requests in flight and none answered for so long, the engine is asked something tiny"),
        settings
            .optional(
                "STOKER_BEAT_FILE",
                "set by the watchdog: a file in memory in which the worker shows life")
            .map(Path::of));
  }
}
