package dev.stoker.watchdog.alert;

import io.sentry.Sentry;
import io.sentry.SentryEvent;
import io.sentry.SentryLevel;
import io.sentry.protocol.Message;
import java.time.Duration;
import java.util.List;

/**
 * Calls people, through Sentry. Without a DSN it is silent. Sending happens in the background and
 * is given up on rather than waited for.
 */
public final class Alerts implements AutoCloseable {

  private static final Duration FLUSH_MAX = Duration.ofSeconds(2);

  private final boolean active;
  private final String host;

  public Alerts(AlertSettings settings, String host, String version) {
    this.active = settings.sentryDsn().isPresent();
    this.host = host;
    settings
        .sentryDsn()
        .ifPresent(
            dsn ->
                Sentry.init(
                    options -> {
                      options.setDsn(dsn);
                      options.setEnvironment(settings.environment());
                      options.setRelease("stoker@" + version);
                      options.setServerName(host);
                      options.setShutdownTimeoutMillis(FLUSH_MAX.toMillis());
                      options.setFlushTimeoutMillis(FLUSH_MAX.toMillis());
                      // What ends this process is decided in one place, its main class.
                      options.setEnableUncaughtExceptionHandler(false);
                      options.setEnableShutdownHook(false);
                    }));
  }

  /** A worker was lost and works again. */
  public void recovered(String worker, String cause, String story, String evidence) {
    send(SentryLevel.WARNING, worker, List.of("worker-recovered", cause), story, evidence);
  }

  /** A worker stays down until a person looks after it. */
  public void gaveUp(String worker, String reason, String evidence) {
    send(SentryLevel.FATAL, worker, List.of("gave-up", worker), reason, evidence);
  }

  /** A worker that was killed and is still there. */
  public void unkillable(String worker, String reason) {
    send(SentryLevel.FATAL, worker, List.of("unkillable", worker), reason, "");
  }

  /** The watchdog itself is at fault. */
  public void failed(Throwable cause) {
    if (active) {
      SentryEvent event = new SentryEvent(cause);
      event.setLevel(SentryLevel.ERROR);
      event.setTag("host", host);
      Sentry.captureEvent(event);
    }
  }

  /** Sends what is waiting, within bounds. */
  @Override
  public void close() {
    if (active) {
      Sentry.close();
    }
  }

  private void send(
      SentryLevel level, String worker, List<String> fingerprint, String text, String evidence) {
    if (!active) {
      return;
    }
    Message message = new Message();
    message.setFormatted(text);
    SentryEvent event = new SentryEvent();
    event.setLevel(level);
    event.setMessage(message);
    event.setFingerprints(fingerprint);
    event.setTag("host", host);
    event.setTag("worker", worker);
    event.setExtra("evidence", evidence);
    Sentry.captureEvent(event);
  }
}
