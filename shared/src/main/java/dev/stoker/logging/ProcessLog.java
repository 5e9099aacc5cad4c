package dev.stoker.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeAndTimeBasedRollingPolicy;
import ch.qos.logback.core.util.FileSize;
import dev.stoker.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/**
 * The log of one process: a file that is rotated by day and size and never outgrows its bounds. Set
 * up here and not in a {@code logback.xml}, whose parser would take longer than the rest of a
 * start.
 *
 * @param directory where the log files are
 */
public record ProcessLog(Path directory) {
  public static final String FILE_MAX = "20MB";
  public static final String TOTAL_MAX = "500MB";
  public static final int DAYS_MAX = 14;

  private static final String PATTERN =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level [%thread] %logger{0} - %msg%n";

  private static final String CAPTURED_PATTERN = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %msg%n";

  public static ProcessLog from(Settings settings) {
    return new ProcessLog(
        settings.path("STOKER_LOG_DIR", Path.of("logs"), "where the log files are"));
  }

  /** From now on the log of this process goes to {@code name.log} and nowhere else. */
  public void start(String name) throws IOException {
    Files.createDirectories(directory);
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(file(context, name, PATTERN));
    context.getLogger("dev.stoker").setLevel(Level.INFO);
    // Warns of GPUs that nobody has.
    context.getLogger("ai.djl").setLevel(Level.ERROR);
  }

  /**
   * A log of its own, {@code name.log}, with the same bounds: for the lines that another process
   * prints, which stand there as they are, each with the time before it.
   */
  public org.slf4j.Logger capture(String name) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    Logger captured = context.getLogger("captured." + name);
    captured.detachAndStopAllAppenders();
    captured.setAdditive(false);
    captured.setLevel(Level.INFO);
    captured.addAppender(file(context, name, CAPTURED_PATTERN));
    return captured;
  }

  /** Writes what waits. */
  public static void close() {
    ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
  }

  private RollingFileAppender<ILoggingEvent> file(
      LoggerContext context, String name, String pattern) {
    RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
    appender.setContext(context);
    appender.setFile(directory.resolve(name + ".log").toString());
    appender.setEncoder(encoder(context, pattern));
    SizeAndTimeBasedRollingPolicy<ILoggingEvent> policy = new SizeAndTimeBasedRollingPolicy<>();
    policy.setContext(context);
    policy.setParent(appender);
    policy.setFileNamePattern(directory.resolve(name + ".%d{yyyy-MM-dd}.%i.log.gz").toString());
    policy.setMaxFileSize(FileSize.valueOf(FILE_MAX));
    policy.setMaxHistory(DAYS_MAX);
    policy.setTotalSizeCap(FileSize.valueOf(TOTAL_MAX));
    policy.start();
    appender.setRollingPolicy(policy);
    appender.start();
    return appender;
  }

  private static PatternLayoutEncoder encoder(LoggerContext context, String pattern) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(pattern);
    encoder.start();
    return encoder;
  }
}
