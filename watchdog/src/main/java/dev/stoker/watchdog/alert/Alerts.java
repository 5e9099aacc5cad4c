package dev.stoker.watchdog.alert;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.logging.ErrorReports;
import io.sentry.Attachment;
import io.sentry.CheckIn;
import io.sentry.CheckInStatus;
import io.sentry.Hint;
import io.sentry.MonitorConfig;
import io.sentry.MonitorSchedule;
import io.sentry.MonitorScheduleUnit;
import io.sentry.Sentry;
import io.sentry.SentryEvent;
import io.sentry.protocol.Message;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Calls people, through Sentry. Without a DSN it is silent. Nothing here keeps the caller waiting,
 * whatever Sentry does: all is sent from a thread of its own, and given up on rather than waited
 * for.
 */
public final class Alerts implements AutoCloseable {

  private static final int WAITING_MAX = 64;
  private static final Duration CHECK_IN_EVERY = Duration.ofMinutes(1);

  /** Minutes that a check-in may be late: the time to restart a watchdog. */
  private static final long CHECK_IN_MARGIN = 2;

  private final AlertSettings settings;
  private final String host;
  private final LongSupplier ticker;
  private final boolean active;
  private final Outbox outbox = new Outbox(WAITING_MAX);
  private Optional<Long> checkedInAt = Optional.empty();

  /**
   * @param ticker in nanoseconds
   */
  public Alerts(AlertSettings settings, String host, LongSupplier ticker) {
    this.settings = settings;
    this.host = host;
    this.ticker = ticker;
    this.active = settings.reports().sentryDsn().isPresent();
    later(() -> settings.reports().start("watchdog", host, ticker));
  }

  /** Tells people, soon; of many alike only some. */
  public void send(Alert alert) {
    later(() -> Sentry.captureEvent(event(alert), hint(alert)));
  }

  /**
   * Tells the monitor, if there is one, that the watchdog lives; may be called at every tick, and
   * does it once a minute.
   *
   * @param ok whether no slot waits for a person
   */
  public synchronized void checkIn(boolean ok) {
    long now = ticker.getAsLong();
    boolean due =
        checkedInAt.map(at -> now - at).filter(since -> since < CHECK_IN_EVERY.toNanos()).isEmpty();
    if (due && settings.monitor().isPresent()) {
      checkedInAt = Optional.of(now);
      later(() -> Sentry.captureCheckIn(checkIn(settings.monitor().get(), ok)));
    }
  }

  /** Sends what is waiting, for {@link ErrorReports#CLOSE_MAX} at most. */
  @Override
  public void close() {
    later(ErrorReports::close);
    outbox.close(ErrorReports.CLOSE_MAX);
  }

  private void later(Runnable task) {
    if (active) {
      outbox.add(task);
    }
  }

  private SentryEvent event(Alert alert) {
    SentryEvent event = new SentryEvent();
    Message message = new Message();
    message.setFormatted(alert.text());
    event.setMessage(message);
    event.setLevel(alert.level());
    event.setFingerprints(alert.fingerprint(host));
    if (alert instanceof Alert.Failed failed) {
      event.setThrowable(failed.cause());
    }
    alert.about().ifPresent(incident -> describe(event, incident));
    return event;
  }

  private static void describe(SentryEvent event, Incident incident) {
    event.setTag("worker", incident.worker());
    incident
        .incarnation()
        .ifPresent(incarnation -> event.setTag("incarnation", Long.toString(incarnation)));
    incident.timings().forEach((step, length) -> event.setExtra(step + "_ms", length.toMillis()));
  }

  private static Hint hint(Alert alert) {
    Hint hint = new Hint();
    alert.about().ifPresent(incident -> attach(hint, incident));
    if (alert.always()) {
      ErrorReports.neverHoldBack(hint);
    }
    return hint;
  }

  private static void attach(Hint hint, Incident incident) {
    if (!incident.evidence().isEmpty()) {
      byte[] evidence = incident.evidence().getBytes(UTF_8);
      hint.addAttachment(new Attachment(evidence, "evidence.txt", "text/plain"));
    }
    for (Path file : incident.files()) {
      hint.addAttachment(new Attachment(file.toString()));
    }
  }

  private static CheckIn checkIn(String monitor, boolean ok) {
    MonitorConfig config =
        new MonitorConfig(
            MonitorSchedule.interval((int) CHECK_IN_EVERY.toMinutes(), MonitorScheduleUnit.MINUTE));
    config.setCheckinMargin(CHECK_IN_MARGIN);
    CheckIn checkIn = new CheckIn(monitor, ok ? CheckInStatus.OK : CheckInStatus.ERROR);
    checkIn.setMonitorConfig(config);
    return checkIn;
  }
}
