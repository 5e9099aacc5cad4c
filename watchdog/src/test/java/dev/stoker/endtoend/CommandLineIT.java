package dev.stoker.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.endtoend.Installation.Finished;
import dev.stoker.testing.Until;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code scripts/stoker} says and does. */
@ExtendWith(SharedInstallation.class)
class CommandLineIT {
  private static final String STOKER = "stoker";

  @TempDir Path directory;

  @Test
  void status_says_that_all_is_well(Installation installation) {
    String worker = "" + installation.workers().getFirst().pid();
    Until.within(Duration.ofSeconds(6))
        .holds(() -> status(installation).contains("\"state\":\"running\""));
    assertThat(status(installation))
        .startsWith("{\"gate\":{\"open\":true,\"reason\":null},\"slots\":[{\"worker\":\"")
        .contains("\"pid\":" + worker + ",", "\"restarts_left\":", "\"cause\":\"");
    Finished text = installation.run(STOKER, "status");
    assertThat(text.status()).as(text.output()).isZero();
    assertThat(text.output())
        .startsWith("new batches: accepted\nSLOT ")
        .contains(" " + worker + " ", "queue: ", "last recovery: ")
        .doesNotContain("\u001b");
  }

  @Test
  void health_is_nothing_for_a_monitor_to_worry_about(Installation installation) {
    Finished health = installation.run(STOKER, "health", "--json");
    assertThat(health.output())
        .startsWith("{\"status\":\"healthy\",")
        .contains("\"watchdog_running\":true");
    assertThat(health.status()).isZero();
  }

  @Test
  void the_watchdog_is_replaced_and_its_worker_is_not(Installation installation) {
    ProcessHandle worker = installation.workers().getFirst();
    ProcessHandle before = installation.process("watchdog").orElseThrow();
    Finished restarted = installation.run(STOKER, "daemon", "restart");
    assertThat(restarted.status()).as(restarted.output()).isZero();
    ProcessHandle after = installation.process("watchdog").orElseThrow();
    assertThat(after).isNotEqualTo(before);
    assertThat(installation.workers()).containsExactly(worker);
    Until.within(Duration.ofSeconds(6))
        .holds(() -> status(installation).contains("\"watchdog_pid\":" + after.pid()));
    Finished status = installation.run(STOKER, "daemon", "status");
    assertThat(status.output()).contains("pid " + after.pid());
    assertThat(status.status()).isZero();
  }

  @Test
  void recoveries_begin_with_the_newest(Installation installation) {
    Finished recoveries = installation.run(STOKER, "recoveries", "-n", "1");
    assertThat(recoveries.status()).as(recoveries.output()).isZero();
    assertThat(recoveries.output()).startsWith("WHEN ").hasLineCount(2);
  }

  @Test
  void nothing_waits_to_be_resumed(Installation installation) {
    Finished resumed = installation.run(STOKER, "resume");
    assertThat(resumed.output()).isEqualTo("There is no slot to resume.\n");
    assertThat(resumed.status()).isZero();
  }

  @Test
  void models_are_listed(Installation installation) {
    Finished models = installation.run(STOKER, "models", "--json");
    assertThat(models.status()).as(models.output()).isZero();
    assertThat(models.output()).startsWith("{\"models\":[");
  }

  @Test
  void the_doctor_finds_the_database(Installation installation) {
    Finished doctor = installation.run(STOKER, "doctor", "--json");
    assertThat(doctor.status()).as(doctor.output()).isZero();
    assertThat(doctor.output())
        .startsWith("{\"checks\":[{\"check\":\"java\",\"verdict\":\"good\"")
        .contains("{\"check\":\"database\",\"verdict\":\"good\"");
  }

  @Test
  void units_are_written_where_they_are_wanted(Installation installation) {
    Finished written =
        installation.run(
            STOKER,
            "init",
            "service",
            "--watchdog",
            "--user",
            "me",
            "--output-dir",
            directory + "");
    assertThat(written.status()).as(written.output()).isZero();
    assertThat(directory.resolve("stoker-watchdog.service"))
        .content()
        .contains("\nUser=me\n", "STOKER_DATA_DIR=" + installation.dataDirectory());
    assertThat(directory.resolve("stoker-api.service")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "unknown",
        "init service",
        "status --what",
        "daemon fly",
        "models load",
        "recoveries -n none"
      })
  void what_cannot_be_meant_ends_with_2(String words, Installation installation) {
    Finished refused =
        installation.run(STOKER, words.isEmpty() ? new String[0] : words.split(" ", -1));
    assertThat(refused.status()).as(refused.output()).isEqualTo(2);
    assertThat(refused.output()).contains("stoker");
  }

  private static String status(Installation installation) {
    Finished status = installation.run(STOKER, "status", "--json");
    assertThat(status.status()).as(status.output()).isZero();
    return status.output();
  }
}
