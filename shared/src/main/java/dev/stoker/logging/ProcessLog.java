package dev.stoker.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeAndTimeBasedRollingPolicy;
import ch.qos.logback.core.util.FileSize;
import dev.stoker.settings.Settings;
import io.sentry.Sentry;
import io.sentry.logback.SentryAppender;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * The log of one process: a file that is rotated by day and size and never outgrows its bound. With
 * a {@code SENTRY_DSN} every line of level ERROR is also an event there; sending happens in the
 * background.
 *
 * @param directory where the log files are
 * @param sentryDsn where errors are reported
 */
public record ProcessLog(Path directory, Optional<String> sentryDsn, String environment) {
  private static final String PATTERN =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level [%thread] %logger{0} - %msg%n";

  public static ProcessLog from(Settings settings) {
    return new ProcessLog(
        settings.path("STOKER_LOG_DIR", Path.of("logs"), "where the log files are"),
        settings.optional("SENTRY_DSN", "where errors are reported; nothing is sent without it"),
        settings.text(
            "STOKER_ENVIRONMENT", "production", "the environment named in Sentry's events"));
  }

  /**
   * Sends the log of this process to {@code name.log} and nowhere else.
   *
   * @param component which of the three processes this is
   */
  public void start(String name, String component) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.INFO);
    // They tell of their own inner life, among it warnings about GPUs that nobody has.
    context.getLogger("ai.djl").setLevel(Level.ERROR);
    context.getLogger("com.zaxxer.hikari").setLevel(Level.WARN);
    root.addAppender(file(context, name));
    sentryDsn.ifPresent(dsn -> root.addAppender(sentry(context, dsn, component)));
  }

  /** Sends what is still to be sent, within two seconds. */
  public static void flush() {
    Sentry.flush(2_000);
  }

  private RollingFileAppender<ILoggingEvent> file(LoggerContext context, String name) {
    RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
    appender.setContext(context);
    appender.setFile(directory.resolve(name + ".log").toString());
    encode(appender, context);
    SizeAndTimeBasedRollingPolicy<ILoggingEvent> policy = new SizeAndTimeBasedRollingPolicy<>();
    policy.setContext(context);
    policy.setParent(appender);
    policy.setFileNamePattern(directory.resolve(name + ".%d{yyyy-MM-dd}.%i.log.gz").toString());
    policy.setMaxFileSize(FileSize.valueOf("20MB"));
    policy.setMaxHistory(14);
    policy.setTotalSizeCap(FileSize.valueOf("500MB"));
    policy.start();
    appender.setRollingPolicy(policy);
    appender.start();
    return appender;
  }

  private static void encode(OutputStreamAppender<ILoggingEvent> appender, LoggerContext context) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(PATTERN);
    encoder.start();
    appender.setEncoder(encoder);
  }

  private SentryAppender sentry(LoggerContext context, String dsn, String component) {
    Sentry.init(
        options -> {
          options.setDsn(dsn);
          options.setEnvironment(environment);
          options.setRelease("stoker@" + version());
          options.setTag("component", component);
        });
    SentryAppender appender = new SentryAppender();
    appender.setContext(context);
    appender.setMinimumEventLevel(Level.ERROR);
    appender.start();
    return appender;
  }

  private static String version() {
    return Optional.ofNullable(ProcessLog.class.getPackage().getImplementationVersion())
        .orElse("unpackaged");
  }
}
