package dev.stoker.watchdog.alert;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.logging.ErrorReports;
import dev.stoker.testing.SentryReceiver;
import dev.stoker.testing.SentryReceiver.Item;
import dev.stoker.watchdog.Patience;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class AlertsTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final SentryReceiver receiver = new SentryReceiver();
  private final AtomicLong now = new AtomicLong();
  private Alerts alerts = alerts(receiver.dsn());

  @TempDir private Path directory;

  @AfterEach
  void close() {
    alerts.close();
    receiver.close();
  }

  @Test
  void a_recovery_is_told_with_its_evidence() throws IOException {
    Path threads = Files.writeString(directory.resolve("threads.txt"), "\"main\" waits\n");
    Incident incident =
        new Incident(
            "box/0",
            OptionalLong.of(7),
            Map.of("fence", Duration.ofMillis(12), "ready", Duration.ofMillis(800)),
            "state Z\nlast words: Ärger",
            List.of(threads, directory.resolve("missing.txt")));
    alerts.send(new Alert.Recovered(incident, "Died", "signal KILL", "works again"));
    String event = receiver.await("event", 1).getFirst().text();
    assertThat(event)
        .contains("\"formatted\":\"works again\"", "\"level\":\"warning\"")
        .contains("\"fingerprint\":[\"worker-death\",\"Died\",\"signal KILL\"]")
        .contains("\"release\":\"stoker@", "\"environment\":\"test\"", "\"server_name\":\"box\"")
        .contains("\"component\":\"watchdog\"", "\"host\":\"box\"")
        .contains("\"worker\":\"box/0\"", "\"incarnation\":\"7\"")
        .contains("\"fence_ms\":12", "\"ready_ms\":800");
    List<Item> attachments = receiver.items("attachment");
    assertThat(attachments)
        .extracting(item -> item.field("filename"))
        .containsExactlyInAnyOrder("evidence.txt", "threads.txt");
    assertThat(attachments)
        .extracting(Item::text)
        .containsExactlyInAnyOrder("state Z\nlast words: Ärger", "\"main\" waits\n");
  }

  @Test
  void nothing_secret_is_told() {
    alerts.send(new Alert.Failed(new IllegalStateException("odd")));
    alerts.close();
    assertThat(receiver.envelopes()).isNotEmpty();
    for (Item item : receiver.envelopes().stream().flatMap(List::stream).toList()) {
      assertThat(item.text())
          .doesNotContain("secretkey", "ip_address", System.getenv().getOrDefault("PATH", "PATH"));
    }
  }

  @Test
  void a_storm_of_recoveries_is_one_event_and_later_one_that_counts_the_rest() {
    for (int i = 0; i < 5; i++) {
      alerts.send(recovered("Died"));
    }
    alerts.send(recovered("Silent"));
    receiver.await("event", 2);
    now.addAndGet(Duration.ofMinutes(10).toNanos());
    alerts.send(recovered("Died"));
    List<Item> events = receiver.await("event", 3);
    assertThat(events).hasSize(3);
    assertThat(events.getLast().text()).contains("\"suppressed\":\"4\"");
  }

  @Test
  void a_gpu_that_breaks_again_and_again_is_one_event() {
    for (int i = 0; i < 3; i++) {
      alerts.send(new Alert.GpuUnhealthy("GPU 0 of box", "GPU 0 of box is unhealthy: Xid " + i));
    }
    alerts.send(new Alert.GpuUnhealthy("GPU 1 of box", "GPU 1 of box is unhealthy: Xid 79"));
    assertThat(receiver.await("event", 2))
        .extracting(Item::text)
        .satisfiesExactly(
            event ->
                assertThat(event)
                    .contains("[\"gpu-unhealthy\",\"GPU 0 of box\"]", "Xid 0", "\"error\""),
            event -> assertThat(event).contains("[\"gpu-unhealthy\",\"GPU 1 of box\"]"));
  }

  @Test
  void what_needs_a_person_is_never_held_back() {
    for (int i = 0; i < 2; i++) {
      alerts.send(new Alert.GaveUp(incident(), "manual intervention needed"));
      alerts.send(new Alert.Unkillable(incident(), "killed and not dead"));
      alerts.send(new Alert.GpuQuarantined(incident(), "GPU-1", "fell off the bus"));
    }
    List<Item> events = receiver.await("event", 6);
    assertThat(events)
        .filteredOn(item -> item.text().contains("\"fingerprint\":[\"gave-up\",\"box\",\"box/0\"]"))
        .hasSize(2)
        .allMatch(item -> item.text().contains("\"level\":\"fatal\""));
    assertThat(events)
        .filteredOn(item -> item.text().contains("\"fingerprint\":[\"gpu-quarantine\",\"GPU-1\"]"))
        .hasSize(2);
    assertThat(events)
        .filteredOn(item -> item.text().contains("[\"unkillable\",\"box\",\"box/0\"]"))
        .hasSize(2);
  }

  @Test
  void the_host_and_the_watchdog_have_alerts_of_their_own() {
    alerts.send(new Alert.NodeUnhealthy("the disk is full"));
    alerts.send(new Alert.Blind(Duration.ofMinutes(5)));
    alerts.send(new Alert.Failed(new IllegalStateException("odd")));
    assertThat(receiver.await("event", 3))
        .extracting(Item::text)
        .satisfiesExactly(
            event -> assertThat(event).contains("[\"node-unhealthy\",\"box\"]", "disk is full"),
            event ->
                assertThat(event)
                    .contains(
                        "[\"watchdog-blind\",\"box\"]", "no answer from the database for 300 s"),
            event ->
                assertThat(event)
                    .contains("\"type\":\"IllegalStateException\"", "\"value\":\"odd\"")
                    .contains("\"fingerprint\":[\"java.lang.IllegalStateException\","));
  }

  @Test
  void the_monitor_hears_once_a_minute_whether_all_is_well() {
    alerts.checkIn(true);
    alerts.checkIn(true);
    now.addAndGet(Duration.ofSeconds(59).toNanos());
    alerts.checkIn(false);
    now.addAndGet(Duration.ofSeconds(1).toNanos());
    alerts.checkIn(false);
    assertThat(receiver.await("check_in", 2))
        .extracting(Item::text)
        .satisfiesExactly(
            first ->
                assertThat(first)
                    .contains("\"monitor_slug\":\"stoker-box\"", "\"status\":\"ok\"")
                    .contains("\"environment\":\"test\"")
                    .contains("\"type\":\"interval\"", "\"value\":1", "\"unit\":\"minute\""),
            second -> assertThat(second).contains("\"status\":\"error\""));
  }

  @Test
  @DisplayName("fault 35: Sentry hangs, and nobody waits for it")
  void fault_35_a_server_that_hangs_delays_nobody() {
    receiver.hold();
    alerts.send(recovered("Died"));
    Patience.until("held", LONG, () -> receiver.held() == 1);
    for (int i = 0; i < 200; i++) {
      alerts.send(new Alert.GaveUp(incident(), "manual intervention needed"));
      alerts.checkIn(true);
    }
    alerts.close();
    // It has answered none, and holds the first request still.
    assertThat(receiver.held()).isEqualTo(1);
  }

  @Test
  @DisplayName("fault 35: Sentry is down, and nobody waits for it")
  void fault_35_a_server_that_is_down_delays_nobody() {
    receiver.close();
    for (int i = 0; i < 200; i++) {
      alerts.send(new Alert.GaveUp(incident(), "manual intervention needed"));
    }
    alerts.close();
    assertThat(receiver.envelopes()).isEmpty();
  }

  @Test
  @DisplayName("fault 35: Sentry accepts no connection, and nobody waits for it")
  void fault_35_a_server_that_never_accepts_delays_nobody() throws IOException {
    // Whoever connects is let in by the kernel, and then nothing happens.
    try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      restart("http://secretkey@127.0.0.1:" + deaf.getLocalPort() + "/7");
      for (int i = 0; i < 200; i++) {
        alerts.send(new Alert.GaveUp(incident(), "manual intervention needed"));
      }
      alerts.close();
      assertThat(deaf.isClosed()).isFalse();
    }
  }

  @Test
  @DisplayName("fault 35: Sentry answers 429; no attachment goes alone, and check-ins go on")
  void fault_35_a_server_that_refuses_gets_no_orphans() {
    receiver.refuse("60:error:organization");
    alerts.send(new Alert.GaveUp(incident(), "first"));
    receiver.await("event", 1);
    // Until the SDK has read the answer, the next may still be sent, but then whole.
    Patience.until(
        "refused",
        LONG,
        () -> {
          int before = receiver.items("event").size();
          alerts.send(new Alert.GaveUp(incident(), "again"));
          now.addAndGet(Duration.ofMinutes(1).toNanos());
          int checkIns = receiver.items("check_in").size();
          alerts.checkIn(true);
          receiver.await("check_in", checkIns + 1); // it left after the event
          return receiver.items("event").size() == before;
        });
    assertThat(receiver.items("attachment")).hasSameSizeAs(receiver.items("event"));
  }

  @Test
  void without_a_dsn_it_is_silent() {
    alerts.close();
    alerts = new Alerts(settings(Optional.empty()), "box", now::get);
    alerts.send(recovered("Died"));
    alerts.checkIn(true);
    alerts.close();
    assertThat(receiver.envelopes()).isEmpty();
  }

  private void restart(String dsn) {
    alerts.close();
    alerts = alerts(dsn);
  }

  private Alerts alerts(String dsn) {
    return new Alerts(settings(Optional.of(dsn)), "box", now::get);
  }

  private static AlertSettings settings(Optional<String> dsn) {
    return new AlertSettings(new ErrorReports(dsn, "test"), Optional.of("stoker-box"));
  }

  private static Alert recovered(String verdict) {
    return new Alert.Recovered(incident(), verdict, "signal KILL", "works again");
  }

  private static Incident incident() {
    return new Incident("box/0", OptionalLong.of(7), Map.of(), "evidence", List.of());
  }
}
