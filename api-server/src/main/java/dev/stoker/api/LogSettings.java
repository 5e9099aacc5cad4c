package dev.stoker.api;

import dev.stoker.settings.Settings;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where this process writes its log and reports its errors.
 *
 * @param sentryDsn nothing is sent without it
 * @param environment as Sentry shows it
 */
public record LogSettings(Path directory, Optional<String> sentryDsn, String environment) {

  static LogSettings from(Settings settings) {
    return new LogSettings(
        settings.path("STOKER_LOG_DIR", Path.of("logs"), "where the log files are"),
        settings.optional("SENTRY_DSN", "where errors are reported; nothing is sent without it"),
        settings.text(
            "STOKER_ENVIRONMENT", "production", "the environment named in Sentry's events"));
  }
}
