package dev.stoker.watchdog.alert;

import dev.stoker.settings.Settings;
import java.util.Optional;

/**
 * Who is told.
 *
 * @param sentryDsn empty if nobody
 */
public record AlertSettings(Optional<String> sentryDsn, String environment) {

  public static AlertSettings from(Settings settings) {
    return new AlertSettings(
        settings.optional("SENTRY_DSN", "where Sentry takes events; none are sent without it"),
        settings.text("SENTRY_ENVIRONMENT", "production", "the environment that events name"));
  }

  /** Shows no secret. */
  @Override
  public String toString() {
    return "AlertSettings[sentry=" + sentryDsn.isPresent() + ", environment=" + environment + "]";
  }
}
