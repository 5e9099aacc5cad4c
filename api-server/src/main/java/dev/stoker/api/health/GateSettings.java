package dev.stoker.api.health;

import dev.stoker.settings.Settings;
import java.time.Duration;

/**
 * When a worker counts as away.
 *
 * @param staleAfter the age up to which a heartbeat proves life
 */
public record GateSettings(Duration staleAfter) {

  public static GateSettings from(Settings settings) {
    return new GateSettings(
        settings.duration(
            "STOKER_HEARTBEAT_STALE_AFTER",
            Duration.ofSeconds(60),
            Duration.ofSeconds(1),
            Duration.ofHours(1),
            "how old a worker's heartbeat may be before new batches are refused"));
  }
}
