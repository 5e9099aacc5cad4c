package dev.stoker.watchdog.alert;

import dev.stoker.logging.ErrorReports;
import dev.stoker.settings.Settings;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Who is called, and how.
 *
 * @param monitor the slug of the Sentry monitor that is told every minute that this watchdog lives
 */
public record AlertSettings(ErrorReports reports, Optional<String> monitor) {

  private static final Pattern SLUG = Pattern.compile("[a-z0-9_-]{1,50}");

  public static AlertSettings from(Settings settings) {
    ErrorReports reports = ErrorReports.from(settings);
    Optional<String> monitor =
        settings.optional(
            "STOKER_SENTRY_MONITOR",
            "slug of a Sentry cron monitor, one for each host, that the watchdog tells every minute that it lives");
    settings.require(
        monitor.filter(slug -> !SLUG.matcher(slug).matches()).isEmpty(),
        "STOKER_SENTRY_MONITOR must be made of up to 50 small letters, digits, - and _");
    return new AlertSettings(reports, monitor);
  }
}
