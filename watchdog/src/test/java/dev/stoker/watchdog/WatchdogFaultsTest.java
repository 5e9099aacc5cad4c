package dev.stoker.watchdog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.SlotState;
import dev.stoker.health.SlotWish;
import dev.stoker.health.WorkerSlotTable;
import dev.stoker.health.WorkerStatus;
import dev.stoker.health.WorkerView;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Faults by the number they have in the specification, on real processes, with scaled times. */
class WatchdogFaultsTest extends RealProcesses {

  private static final Map<String, String> STALE_AFTER_2S =
      Map.of("STOKER_HEARTBEAT_STALE_AFTER", "2s");

  @Test
  void fault_02_a_worker_that_ends_well_unasked_is_replaced_and_counts() throws Exception {
    start(Map.of());
    awaitReady(1);
    set("exit", "0");
    until("another is started", () -> recoveries().size() >= 2);
    Files.delete(directory.resolve("exit"));
    until("it runs again", () -> slotState().filter(SlotState.RUNNING::equals).isPresent());
    assertThat(recoveries().get(1))
        .containsEntry("cause", "exit 0")
        .containsEntry("planned", false);
  }

  @Test
  void fault_13_a_database_that_answers_nobody_leads_to_no_verdict_and_holds_no_tick()
      throws Exception {
    try (Detour detour = detour()) {
      start(through(detour, "2s"));
      WorkerView first = awaitReady(1);
      awaitState(SlotState.RUNNING);
      detour.freeze();
      until("noticed", () -> latest().log().contains("The database does not answer"));
      Patience.whilst("the worker lives", Duration.ofSeconds(4), () -> lives(first));
      // A death is still seen at once: the thread that supervises waits for nobody.
      WatchdogProcess.signal(pid(first), "KILL");
      until("seen", () -> latest().log().contains("lost: signal KILL"));
      detour.thaw();
      awaitReady(2);
      assertThat(latest().log()).doesNotContain("nothing in it may wait");
    }
  }

  @Test
  void fault_14_a_worker_that_hangs_while_the_database_is_away_is_killed_by_local_evidence()
      throws Exception {
    try (Detour detour = detour()) {
      start(through(detour, "2s"));
      WorkerView first = awaitReady(1);
      awaitState(SlotState.RUNNING);
      detour.block();
      WatchdogProcess.signal(pid(first), "STOP");
      until("killed", () -> !lives(first));
      assertThat(latest().log()).contains("no local heartbeat for 2.");
      assertThat(recoveries()).as("its successor waits").hasSize(1);
      detour.reopen();
      awaitReady(2);
      assertThat(recoveries()).hasSize(2);
    }
  }

  @Test
  void fault_15_a_database_that_restarts_makes_no_room_for_a_second_watchdog() throws Exception {
    try (Detour detour = detour()) {
      start(through(detour, "2s"));
      WorkerView first = awaitReady(1);
      detour.block(); // every session is lost, and with it every lock in the database
      detour.reopen();
      start(through(detour, "2s"));
      assertThat(latest().awaitExit(LONG)).isEqualTo(73);
      assertThat(lives(first)).isTrue();
      assertThat(recoveries()).hasSize(1);
    }
  }

  @Test
  void fault_16_a_worker_cut_off_from_a_database_that_is_well_is_replaced_late() throws Exception {
    start(STALE_AFTER_2S);
    WorkerView first = awaitReady(1);
    awaitState(SlotState.RUNNING);
    set("cut-off", "");
    until(
        "remarked upon", () -> latest().log().contains("it lives, and cannot reach the database"));
    Patience.whilst("it is left alone", Duration.ofSeconds(2), () -> lives(first));
    until("replaced", () -> recoveries().size() == 2);
    Files.delete(directory.resolve("cut-off"));
    awaitReady(2);
    assertThat(recoveries().getLast().get("cause").toString())
        .startsWith("cut off from the database for 6.");
  }

  @Test
  void fault_27_a_start_that_progresses_outlives_its_deadline_and_one_that_does_not_is_ended()
      throws Exception {
    set("loading", "");
    Map<String, String> settings = new HashMap<>(STALE_AFTER_2S);
    settings.put("STOKER_START_DEADLINE", "8s");
    start(settings);
    until("it has started", () -> worker().flatMap(WorkerView::process).isPresent());
    WorkerView first = worker().orElseThrow();
    Patience.whilst("it lives and loads", Duration.ofSeconds(12), () -> lives(first));
    WatchdogProcess.signal(pid(first), "STOP");
    until("it is ended", () -> !lives(first));
    Files.delete(directory.resolve("loading"));
    awaitReady(2);
    assertThat(recoveries().getLast().get("cause").toString()).startsWith("not ready after ");
  }

  @Test
  void fault_33_a_watchdog_whose_jdk_was_exchanged_leaves_its_place_to_one_that_can_start_workers()
      throws Exception {
    Path jdk = JdkCopy.make(directory.resolve("jdk"));
    watchdogs.add(WatchdogProcess.start(jdk, directory, database.environment()));
    WorkerView first = awaitReady(1);
    awaitState(SlotState.RUNNING);
    JdkCopy.exchange(jdk);
    WatchdogProcess.signal(pid(first), "KILL");
    assertThat(latest().awaitExit(LONG)).as(latest().story()).isEqualTo(70);
    assertThat(latest().log()).contains("the JDK that it runs on was replaced");
    start(Map.of());
    until(
        "another is ready",
        () ->
            worker()
                .filter(view -> view.status() == WorkerStatus.READY)
                .filter(view -> view.id().incarnation() > first.id().incarnation())
                .isPresent());
  }

  @Test
  void fault_38_a_clock_that_steps_by_an_hour_kills_nobody() throws Exception {
    try (ClockStep clock = new ClockStep(database)) {
      start(STALE_AFTER_2S);
      WorkerView first = awaitReady(1);
      awaitState(SlotState.RUNNING);
      clock.step(Duration.ofHours(1));
      until("noticed", () -> latest().log().contains("The database's clock stepped by"));
      Patience.whilst("the worker lives", Duration.ofSeconds(4), () -> lives(first));
      clock.step(Duration.ofHours(-1));
      Patience.whilst("the worker lives", Duration.ofSeconds(4), () -> lives(first));
      assertThat(recoveries()).hasSize(1);
      WatchdogProcess.signal(pid(first), "STOP");
      awaitReady(2);
    }
  }

  @Test
  void fault_40_a_host_busy_beyond_measure_loses_no_healthy_worker() throws Exception {
    List<Process> hogs = new ArrayList<>();
    try {
      start(Map.of("STOKER_HEARTBEAT_STALE_AFTER", "5s"));
      WorkerView first = awaitReady(1);
      awaitState(SlotState.RUNNING);
      for (int hog = 0; hog < 8; hog++) {
        hogs.add(new ProcessBuilder("sh", "-c", "while :; do :; done").start());
      }
      Patience.whilst("the worker lives", Duration.ofSeconds(10), () -> lives(first));
      assertThat(recoveries()).hasSize(1);
      WatchdogProcess.signal(pid(first), "KILL");
      until("seen", () -> latest().log().contains("lost: signal KILL"));
    } finally {
      hogs.forEach(Process::destroyForcibly);
    }
    awaitReady(2);
  }

  @Test
  @DisplayName("I10: without its service manager and without Sentry it supervises all the same")
  void nobody_who_is_only_told_can_stop_the_supervision() throws Exception {
    try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      start(
          Map.of(
              "NOTIFY_SOCKET",
              directory.resolve("nobody").toString(),
              "WATCHDOG_USEC",
              "3000000",
              "SENTRY_DSN",
              "http://key@127.0.0.1:" + deaf.getLocalPort() + "/1",
              "STOKER_SENTRY_MONITOR",
              "watchdog"));
      for (int incarnation = 1; incarnation < 4; incarnation++) {
        WatchdogProcess.signal(pid(awaitReady(incarnation)), "KILL");
      }
      awaitReady(4);
      assertThat(recoveries()).filteredOn("planned", false).hasSize(3);
    }
  }

  @Test
  void a_slot_given_up_runs_again_once_a_person_asks() throws Exception {
    set("exit", "78");
    start(Map.of());
    awaitState(SlotState.GAVE_UP);
    Files.delete(directory.resolve("exit"));
    WorkerSlotTable slots = new WorkerSlotTable(database.jdbc());
    assertThat(slots.ask(slots.all().getFirst().worker(), SlotWish.RESUME)).isTrue();
    awaitReady(2);
    awaitState(SlotState.RUNNING);
    assertThat(recoveries().getLast())
        .containsEntry("planned", true)
        .containsEntry("cause", "resumed by a person");
    until("granted", () -> slots.all().getFirst().wish() == SlotWish.NONE);
  }

  @Test
  void a_worker_restarted_by_a_person_drains_and_costs_nothing() throws Exception {
    start(Map.of());
    WorkerView first = awaitReady(1);
    awaitState(SlotState.RUNNING);
    WorkerSlotTable slots = new WorkerSlotTable(database.jdbc());
    slots.ask(first.id().worker(), SlotWish.RESTART);
    awaitReady(2);
    assertThat(recoveries()).filteredOn("planned", false).isEmpty();
    assertThat(recoveries().getLast())
        .containsEntry("cause", "restarted by a person")
        .containsEntry("exit_status", 0);
    // A wish that comes on the heels of another is not taken for it.
    slots.ask(first.id().worker(), SlotWish.RESTART);
    awaitReady(3);
  }
}
