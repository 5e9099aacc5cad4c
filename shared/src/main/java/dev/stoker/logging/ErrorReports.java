package dev.stoker.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import dev.stoker.settings.Settings;
import io.sentry.Hint;
import io.sentry.Sentry;
import io.sentry.SentryOptions;
import io.sentry.logback.SentryAppender;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.LoggerFactory;

/**
 * Who is told of errors: Sentry, or nobody. Sending happens in the background and is given up on
 * rather than waited for. Of many events alike the first goes at once, then one every ten minutes.
 *
 * @param sentryDsn nothing is sent without it
 * @param environment as Sentry shows it
 */
public record ErrorReports(Optional<String> sentryDsn, String environment) {

  /** How long {@link #close} takes at most. */
  public static final Duration CLOSE_MAX = Duration.ofSeconds(2);

  private static final Duration PAUSE_BETWEEN_ALIKE = Duration.ofMinutes(10);

  // The SDK's close waits for both, one after the other.
  private static final Duration FLUSH_MAX = Duration.ofMillis(1500);
  private static final Duration SHUTDOWN_MAX = Duration.ofMillis(200);

  public static ErrorReports from(Settings settings) {
    Optional<String> dsn =
        settings.optional("SENTRY_DSN", "where errors are reported; nothing is sent without it");
    // It is a secret: not even a wrong one is shown.
    settings.require(
        dsn.filter(text -> !isDsn(text)).isEmpty(), "SENTRY_DSN is not like https://key@host/1");
    return new ErrorReports(
        dsn,
        settings.text(
            "STOKER_ENVIRONMENT", "production", "the environment named in Sentry's events"));
  }

  /**
   * Lets this process report.
   *
   * @param component which of the three processes it is
   * @param ticker in nanoseconds
   */
  public void start(String component, String host, LongSupplier ticker) {
    sentryDsn.ifPresent(
        dsn ->
            Sentry.init(
                options -> {
                  options.setDsn(dsn);
                  options.setEnvironment(environment);
                  options.setRelease(release());
                  options.setServerName(host);
                  options.setTag("component", component);
                  options.setTag("host", host);
                  options.setSendDefaultPii(false);
                  options.setBeforeSend(
                      new EventGate(new EventThrottle(PAUSE_BETWEEN_ALIKE, ticker)));
                  options.setFlushTimeoutMillis(FLUSH_MAX.toMillis());
                  options.setShutdownTimeoutMillis(SHUTDOWN_MAX.toMillis());
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
    appender.setName("sentry");
    appender.setContext(context);
    appender.setOptions(startedAlready());
    appender.setMinimumEventLevel(Level.ERROR);
    appender.start();
    context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(appender);
  }

  /** Marks an event that goes out however many alike went before. */
  public static void neverHoldBack(Hint hint) {
    hint.set(EventGate.ALWAYS, true);
  }

  /** Sends what waits, for {@link #CLOSE_MAX} at most, and ends the reporting. */
  public static void close() {
    Thread closing = Thread.ofPlatform().name("sentry-close").daemon(true).start(Sentry::close);
    try {
      closing.join(CLOSE_MAX);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
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

  /**
   * An appender would start the SDK itself, from the environment, or end it if that has nothing to
   * say; not so with this word in the place of a DSN.
   */
  private static SentryOptions startedAlready() {
    SentryOptions options = new SentryOptions();
    options.setDsn("DSN_IS_UNDEFINED");
    return options;
  }

  private static boolean isDsn(String text) {
    try {
      URI uri = new URI(text);
      return uri.getScheme() != null
          && uri.getScheme().startsWith("http")
          && uri.getUserInfo() != null
          && uri.getHost() != null
          && uri.getPath().length() > 1;
    } catch (URISyntaxException e) {
      return false;
    }
  }
}
