package dev.stoker.watchdog;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeAndTimeBasedRollingPolicy;
import ch.qos.logback.core.util.FileSize;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/**
 * The log file. Set up here and not in a {@code logback.xml}: its parser takes longer than the rest
 * of the start, and the directory is a setting.
 */
final class WatchdogLog {

  private static final String PATTERN =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level [%thread] %msg%n";
  private static final FileSize FILE_MAX = FileSize.valueOf("10MB");
  private static final FileSize TOTAL_MAX = FileSize.valueOf("100MB");
  private static final int DAYS_MAX = 30;

  private WatchdogLog() {}

  /** From now on everything goes to {@code watchdog.log}, and nothing to the console. */
  static void open(Path directory) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    RollingFileAppender<ILoggingEvent> file = new RollingFileAppender<>();
    file.setContext(context);
    file.setFile(directory.resolve("watchdog.log").toString());
    file.setRollingPolicy(rolling(context, file, directory));
    file.setEncoder(encoder(context));
    file.start();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(file);
    context.getLogger("dev.stoker").setLevel(Level.INFO);
  }

  /** Writes what is waiting. */
  static void close() {
    ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
  }

  private static SizeAndTimeBasedRollingPolicy<ILoggingEvent> rolling(
      LoggerContext context, RollingFileAppender<ILoggingEvent> file, Path directory) {
    SizeAndTimeBasedRollingPolicy<ILoggingEvent> policy = new SizeAndTimeBasedRollingPolicy<>();
    policy.setContext(context);
    policy.setParent(file);
    policy.setFileNamePattern(directory.resolve("watchdog.%d{yyyy-MM-dd}.%i.log.gz").toString());
    policy.setMaxFileSize(FILE_MAX);
    policy.setTotalSizeCap(TOTAL_MAX);
    policy.setMaxHistory(DAYS_MAX);
    policy.start();
    return policy;
  }

  private static PatternLayoutEncoder encoder(LoggerContext context) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(PATTERN);
    encoder.start();
    return encoder;
  }
}
