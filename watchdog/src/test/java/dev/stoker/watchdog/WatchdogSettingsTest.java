package dev.stoker.watchdog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.health.HostName;
import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import dev.stoker.watchdog.process.WorkerResources;
import dev.stoker.watchdog.slot.SlotSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WatchdogSettingsTest {

  @Test
  void the_defaults_are_those_of_the_design() {
    WatchdogSettings settings = WatchdogSettings.from(new Settings(Map.of()));
    assertThat(settings.workers()).isEqualTo(1);
    assertThat(settings.byHand()).isFalse();
    assertThat(settings.host()).isEqualTo(HostName.read());
    assertThat(settings.slots())
        .isEqualTo(
            new SlotSettings(
                Duration.ofMinutes(1),
                Duration.ofMinutes(5),
                Duration.ofMinutes(15),
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                10,
                Duration.ofMinutes(5)));
    assertThat(settings.tick()).isEqualTo(Duration.ofSeconds(2));
    assertThat(settings.command().home()).isEqualTo(Path.of("").toAbsolutePath());
    assertThat(settings.command().words())
        .startsWith(System.getProperty("java.home") + "/bin/java", "-XX:+ExitOnOutOfMemoryError")
        .endsWith("-jar", Path.of("worker/target/worker.jar").toAbsolutePath().toString());
    assertThat(settings.alerts().reports().sentryDsn()).isEmpty();
  }

  @Test
  void every_key_is_heeded() {
    WatchdogSettings settings =
        WatchdogSettings.from(
            new Settings(
                Map.ofEntries(
                    Map.entry("STOKER_HOST_NAME", "gpu-2.second"),
                    Map.entry("STOKER_WORKERS", "3"),
                    Map.entry("STOKER_START_BY_HAND", "true"),
                    Map.entry("STOKER_HEARTBEAT_STALE_AFTER", "2s"),
                    Map.entry("STOKER_STUCK_AFTER", "3s"),
                    Map.entry("STOKER_CANARY_AFTER", "1s"),
                    Map.entry("STOKER_REQUEST_TIMEOUT", "2s"),
                    Map.entry("STOKER_START_DEADLINE", "4s"),
                    Map.entry("STOKER_KILL_GRACE", "5s"),
                    Map.entry("STOKER_STOP_GRACE", "6s"),
                    Map.entry("STOKER_RESPAWNS_PER_HOUR", "7"),
                    Map.entry("STOKER_BACKOFF_MAX", "8s"),
                    Map.entry("STOKER_HOME", "/opt/stoker"),
                    Map.entry("STOKER_WORKER_JAR", "/opt/w.jar"),
                    Map.entry("STOKER_WORKER_JAVA_OPTIONS", "-Xmx4g  -Xss1m"),
                    Map.entry("SENTRY_DSN", "https://key@sentry.example/1"),
                    Map.entry("STOKER_ENVIRONMENT", "test"))));
    assertThat(settings.workers()).isEqualTo(3);
    assertThat(settings.byHand()).isTrue();
    assertThat(settings.host()).isEqualTo("gpu-2.second");
    assertThat(settings.slots())
        .isEqualTo(
            new SlotSettings(
                Duration.ofSeconds(2),
                Duration.ofSeconds(3),
                Duration.ofSeconds(4),
                Duration.ofSeconds(5),
                Duration.ofSeconds(6),
                7,
                Duration.ofSeconds(8)));
    assertThat(settings.tick()).isEqualTo(Duration.ofMillis(250));
    assertThat(settings.command().home()).isEqualTo(Path.of("/opt/stoker"));
    assertThat(settings.command().words()).endsWith("-Xmx4g", "-Xss1m", "-jar", "/opt/w.jar");
    assertThat(settings.alerts().reports().environment()).isEqualTo("test");
    assertThat(settings.toString()).doesNotContain("key@sentry");
  }

  @Test
  void workers_get_their_share_of_the_host() {
    WatchdogSettings settings =
        WatchdogSettings.from(
            new Settings(
                Map.of(
                    "STOKER_WORKER_GPUS",
                    "0, GPU-5f3a-11",
                    "STOKER_WORKER_CPU_QUOTA",
                    "200%",
                    "STOKER_WORKER_MEMORY_MAX",
                    "8G",
                    "STOKER_WORKER_NUMA_NODE",
                    "1")));
    assertThat(settings.resources())
        .isEqualTo(
            new WorkerResources(
                List.of("0", "GPU-5f3a-11"),
                Optional.of("200%"),
                Optional.of("8G"),
                Optional.of("1")));
    assertThat(settings.workers()).as("one for each GPU").isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({"2,true", "3,false", "1,false"})
  void there_are_as_many_workers_as_gpus(String workers, boolean fine) {
    Settings settings =
        new Settings(Map.of("STOKER_WORKER_GPUS", "0,1", "STOKER_WORKERS", workers));
    if (fine) {
      assertThat(WatchdogSettings.from(settings).workers()).isEqualTo(2);
    } else {
      assertThatThrownBy(() -> WatchdogSettings.from(settings))
          .isInstanceOf(InvalidSettings.class)
          .hasMessageContaining(
              "STOKER_WORKERS="
                  + workers
                  + " differs from the number of STOKER_WORKER_GPUS, which is 2; leave it out");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "STOKER_WORKER_GPUS,'0,,1'",
    "STOKER_WORKER_GPUS,'0 1'",
    "STOKER_WORKER_CPU_QUOTA,2",
    "STOKER_WORKER_MEMORY_MAX,8 GB",
    "STOKER_WORKER_NUMA_NODE,first"
  })
  void a_share_that_nobody_understands_is_refused(String key, String value) {
    assertThatThrownBy(() -> WatchdogSettings.from(new Settings(Map.of(key, value))))
        .isInstanceOf(InvalidSettings.class)
        .hasMessageContaining(key + "=" + value + " is not a");
  }

  @Test
  void another_command_may_stand_in_for_the_jar() {
    WatchdogSettings settings =
        WatchdogSettings.from(
            new Settings(Map.of("STOKER_WORKER_COMMAND", " nice  java -jar x.jar ")));
    assertThat(settings.command().words()).containsExactly("nice", "java", "-jar", "x.jar");
  }

  @ParameterizedTest
  @CsvSource({"5m,1m,true", "3m,1m,true", "179s,1m,false", "1h,30m,false"})
  void a_slow_request_is_not_taken_for_a_stuck_worker(
      String stuckAfter, String canaryAfter, boolean fine) {
    Settings settings =
        new Settings(Map.of("STOKER_STUCK_AFTER", stuckAfter, "STOKER_CANARY_AFTER", canaryAfter));
    if (fine) {
      assertThatNoException().isThrownBy(() -> WatchdogSettings.from(settings));
    } else {
      assertThatThrownBy(() -> WatchdogSettings.from(settings))
          .isInstanceOf(InvalidSettings.class)
          .hasMessageContaining(
              "STOKER_STUCK_AFTER must be at least three times STOKER_CANARY_AFTER");
    }
  }

  @Test
  void every_wrong_value_is_named() {
    assertThatThrownBy(
            () ->
                WatchdogSettings.from(
                    new Settings(
                        Map.of(
                            "STOKER_WORKERS",
                            "65",
                            "STOKER_HEARTBEAT_STALE_AFTER",
                            "0s",
                            "STOKER_HOST_NAME",
                            "a/b"))))
        .isInstanceOf(InvalidSettings.class)
        .hasMessageContaining("STOKER_WORKERS=65")
        .hasMessageContaining("STOKER_HOST_NAME=a/b")
        .hasMessageContaining("STOKER_HEARTBEAT_STALE_AFTER=0s");
  }
}
