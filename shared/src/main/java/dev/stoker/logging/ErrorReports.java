package dev.stoker.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import dev.stoker.settings.Settings;
import io.sentry.Sentry;
import io.sentry.logback.SentryAppender;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * Who is told of errors: Sentry, or nobody. Sending happens in the background and is given up on
 * rather than waited for.
 *
 * @param sentryDsn nothing is sent without it
 * @param environment as Sentry shows it
 */
public record ErrorReports(Optional<String> sentryDsn, String environment) {
  private static final Duration FLUSH_MAX = Duration.ofSeconds(2);

  public static ErrorReports from(Settings settings) {
    return new ErrorReports(
        settings.optional("SENTRY_DSN", "where errors are reported; nothing is sent without it"),
        settings.text(
            "STOKER_ENVIRONMENT", "production", "the environment named in Sentry's events"));
  }

  /**
   * Lets this process report.
   *
   * @param component which of the three processes it is
   */
  public void start(String component) {
    sentryDsn.ifPresent(
        dsn ->
            Sentry.init(
                options -> {
                  options.setDsn(dsn);
                  options.setEnvironment(environment);
                  options.setRelease(release());
                  options.setTag("component", component);
                  options.setShutdownTimeoutMillis(FLUSH_MAX.toMillis());
                  options.setFlushTimeoutMillis(FLUSH_MAX.toMillis());
                  // Each main class decides by itself what ends its process.
                  options.setEnableUncaughtExceptionHandler(false);
                  options.setEnableShutdownHook(false);
                }));
  }

  /** Makes an event of every further line of level ERROR. */
  public void reportErrorLines() {
    if (sentryDsn.isEmpty()) {
      return;
    }
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    SentryAppender appender = new SentryAppender();
    appender.setContext(context);
    appender.setMinimumEventLevel(Level.ERROR);
    appender.start();
    context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(appender);
  }

  /** Sends what waits, within bounds, and ends the reporting. */
  public static void close() {
    Sentry.close();
  }

  /** The release that events name. */
  public static String release() {
    return "stoker@"
        + Optional.ofNullable(ErrorReports.class.getPackage().getImplementationVersion())
            .orElse("unpackaged");
  }

  /** Shows no secret. */
  @Override
  public String toString() {
    return "ErrorReports[sentry=" + sentryDsn.isPresent() + ", environment=" + environment + "]";
  }
}
