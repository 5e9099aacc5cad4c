package dev.stoker.worker.execute;

import dev.stoker.settings.Settings;
import java.time.Duration;

/**
 * @param requestDeadline how long one try of a line may take
 */
public record ExecuteSettings(RetryPolicy retry, Duration requestDeadline) {

  public static ExecuteSettings from(Settings settings) {
    return new ExecuteSettings(
        RetryPolicy.from(settings),
        settings.duration(
            "STOKER_REQUEST_TIMEOUT",
            Duration.ofMinutes(10),
            Duration.ofMillis(100),
            Duration.ofDays(1),
            "how long one try of a line may take"));
  }
}
