package dev.stoker.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import dev.stoker.testing.SentryReceiver;
import dev.stoker.testing.Until;
import io.sentry.Attachment;
import io.sentry.Hint;
import io.sentry.Sentry;
import io.sentry.SentryEvent;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class ErrorReportsTest {
  private static final Logger log = LoggerFactory.getLogger(ErrorReportsTest.class);

  private final SentryReceiver receiver = new SentryReceiver();
  private final AtomicLong now = new AtomicLong();
  private final ErrorReports reports = new ErrorReports(Optional.of(receiver.dsn()), "test");

  @AfterEach
  void close() {
    ErrorReports.close();
    ((ch.qos.logback.classic.Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME))
        .detachAppender("sentry");
    receiver.close();
  }

  @Test
  void an_error_line_becomes_an_event_of_its_place_in_the_code() {
    start();
    log.error("line {} of {} failed", 7, "shard-1", new IllegalStateException("odd"));
    assertThat(receiver.await("event", 1).getFirst().text())
        .contains("\"server_name\":\"box\"")
        .contains("\"environment\":\"test\"", "\"release\":\"stoker@")
        .contains("\"component\":\"worker\"", "\"host\":\"box\"")
        .contains("line 7 of shard-1 failed")
        .contains(
            "\"fingerprint\":[\"dev.stoker.logging.ErrorReportsTest\",\"line {} of {} failed\","
                + "\"java.lang.IllegalStateException\",\"dev.stoker.logging.ErrorReportsTest."
                + "an_error_line_becomes_an_event_of_its_place_in_the_code\"]");
  }

  @Test
  void a_warning_is_no_event() {
    start();
    log.warn("only that");
    log.error("the end");
    assertThat(receiver.await("event", 1)).hasSize(1);
  }

  @Test
  void a_storm_is_one_event_and_later_one_that_counts_the_rest() {
    start();
    for (int i = 0; i < 20; i++) {
      log.error("line {} failed", i);
    }
    log.error("another");
    now.addAndGet(Duration.ofMinutes(10).toNanos());
    log.error("line {} failed", 20);
    List<SentryReceiver.Item> events = receiver.await("event", 3);
    assertThat(events).hasSize(3);
    assertThat(events.get(0).text()).contains("line 0 failed").doesNotContain("\"suppressed\"");
    assertThat(events.get(1).text()).contains("another");
    assertThat(events.get(2).text()).contains("line 20 failed", "\"suppressed\":\"19\"");
  }

  @Test
  void what_a_server_refuses_leaves_no_attachment_behind() {
    receiver.refuse("60:error:organization");
    start();
    send("first");
    receiver.await("event", 1);
    Until.within(Duration.ofSeconds(3))
        .holds(() -> Sentry.getCurrentScopes().getRateLimiter().isAnyRateLimitActive());
    send("second");
    ErrorReports.close(); // sends all that there is to be sent
    assertThat(receiver.items("event")).hasSize(1);
    assertThat(receiver.items("attachment")).hasSize(1);
  }

  @Test
  void the_end_does_not_wait_for_a_server_that_hangs() {
    receiver.hold();
    start();
    log.error("the last words");
    Until.within(Duration.ofSeconds(3)).holds(() -> receiver.held() == 1);
    ErrorReports.close();
    assertThat(receiver.held()).isEqualTo(1); // it holds the request still
  }

  @Test
  void without_a_dsn_nothing_happens() {
    ErrorReports none = new ErrorReports(Optional.empty(), "test");
    none.start("worker", "box", now::get);
    none.reportErrorLines();
    log.error("nobody hears");
    assertThat(Sentry.isEnabled()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"secret", "https://host/1", "https://secret@host", "ftp://secret@host/1", "a b"})
  void a_wrong_dsn_is_refused_and_not_shown(String dsn) {
    Settings settings = new Settings(Map.of("SENTRY_DSN", dsn));
    ErrorReports.from(settings);
    assertThatThrownBy(settings::verify)
        .isInstanceOf(InvalidSettings.class)
        .hasMessageContaining("SENTRY_DSN is not like https://key@host/1")
        .hasMessageNotContaining(dsn);
  }

  @Test
  void a_dsn_is_not_shown() {
    assertThat(reports.toString()).doesNotContain("secretkey");
  }

  private void start() {
    reports.start("worker", "box", now::get);
    reports.reportErrorLines();
  }

  private static void send(String fingerprint) {
    SentryEvent event = new SentryEvent();
    event.setFingerprints(List.of(fingerprint));
    Sentry.captureEvent(event, Hint.withAttachment(new Attachment(new byte[] {1}, "evidence.txt")));
  }
}
