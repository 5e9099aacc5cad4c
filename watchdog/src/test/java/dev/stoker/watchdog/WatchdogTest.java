package dev.stoker.watchdog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.SlotState;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerStatus;
import dev.stoker.health.WorkerView;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Real processes: the watchdog, a stub worker, PostgreSQL. */
class WatchdogTest extends RealProcesses {

  @Test
  void fault_01_a_killed_worker_is_replaced_and_its_leases_go_back() throws Exception {
    start(Map.of());
    WorkerView first = awaitReady(1);
    awaitState(SlotState.RUNNING);
    lease(first.id().holder());
    long killedAt = System.nanoTime();
    WatchdogProcess.signal(pid(first), "KILL");
    until("detected", () -> latest().log().contains("lost: signal KILL"));
    final long detected = System.nanoTime() - killedAt;
    WorkerView second = awaitReady(2);
    final long ready = System.nanoTime() - killedAt;
    assertThat(pid(second)).isNotEqualTo(pid(first));
    Map<String, Object> recovery = recoveries().getLast();
    assertThat(recovery)
        .containsEntry("planned", false)
        .containsEntry("cause", "signal KILL")
        .containsEntry("exit_status", 137)
        .containsEntry("old_pid", pid(first))
        .containsEntry("new_pid", pid(second))
        .containsEntry("leases_returned", 1);
    assertThat(recovery.get("evidence").toString())
        .contains("signal KILL", "status ready", "stub " + first.id().holder() + " registered");
    assertThat(recovery.get("fence_ms")).isNotNull();
    assertThat(recovery.get("kill_ms")).isNotNull();
    assertThat(recovery.get("confirm_ms")).isNotNull();
    until("ready is noted", () -> recoveries().getLast().get("ready_at") != null);
    assertThat(database.jdbc().sql("SELECT state FROM shard").query(String.class).single())
        .isEqualTo("queued");
    until("the story", () -> latest().log().contains("recovered: signal KILL; fenced"));
    System.out.printf(
        "MEASURED detected in the log after %d ms, ready after %d ms%n%s%n",
        detected / 1_000_000,
        ready / 1_000_000,
        latest().log().lines().filter(line -> line.contains("recovered:")).toList());
  }

  @Test
  void fault_06_a_stopped_worker_is_found_by_its_heartbeat_and_replaced() throws Exception {
    start(Map.of("STOKER_HEARTBEAT_STALE_AFTER", "2s"));
    WorkerView first = awaitReady(1);
    WatchdogProcess.signal(pid(first), "STOP");
    WorkerView second = awaitReady(2);
    assertThat(pid(second)).isNotEqualTo(pid(first));
    assertThat(recoveries().getLast().get("cause").toString()).startsWith("no heartbeat for 2.");
    assertThat(recoveries().getLast().get("evidence").toString()).contains("state T");
    Path incident = Path.of(recoveries().getLast().get("incident").toString());
    assertThat(incident).startsWith(directory.resolve("incidents")).isDirectory();
    assertThat(incident.resolve("verdict.txt")).content().startsWith("no heartbeat for 2.");
  }

  @Test
  void a_mute_worker_that_ignores_sigterm_is_killed_after_the_grace() throws Exception {
    set("ignore-term", "");
    start(Map.of("STOKER_HEARTBEAT_STALE_AFTER", "2s"));
    awaitReady(1);
    set("mute", "");
    until("another is started", () -> recoveries().size() == 2);
    Files.delete(directory.resolve("mute"));
    awaitReady(2);
    assertThat(recoveries().getLast())
        .containsEntry("exit_status", 137)
        .satisfies(row -> assertThat((long) row.get("kill_ms")).isBetween(1000L, 5000L));
  }

  @Test
  void a_worker_that_finishes_nothing_is_replaced() throws Exception {
    start(
        Map.of(
            "STOKER_HEARTBEAT_STALE_AFTER", "2s",
            "STOKER_STUCK_AFTER", "3s",
            "STOKER_CANARY_AFTER", "1s"));
    awaitReady(1);
    set("in-flight", "");
    until("another is started", () -> recoveries().size() == 2);
    Files.delete(directory.resolve("in-flight"));
    awaitReady(2);
    assertThat(recoveries().getLast().get("cause").toString())
        .startsWith("no sign of its engine for ")
        .endsWith("with 3 in flight");
  }

  @Test
  void what_a_dead_worker_started_dies_too() throws Exception {
    set("child", "");
    start(Map.of());
    WorkerView first = awaitReady(1);
    awaitState(SlotState.RUNNING);
    until("told", () -> latest().log().contains("healthy"));
    long child = Long.parseLong(Files.readString(directory.resolve("child")));
    assertThat(runs(child)).isTrue();
    WatchdogProcess.signal(pid(first), "KILL");
    awaitReady(2);
    assertThat(runs(child)).isFalse();
    ProcessHandle.of(Long.parseLong(Files.readString(directory.resolve("child"))))
        .ifPresent(ProcessHandle::destroyForcibly);
  }

  @Test
  @DisplayName("scenario 9: recovery crash loop (fault 23)")
  void fault_23_a_worker_that_crashes_at_every_start_is_given_up_after_ten() throws Exception {
    start(Map.of("STOKER_WORKER_COMMAND", "/bin/false"));
    awaitState(SlotState.GAVE_UP);
    assertThat(recoveries()).hasSize(11).filteredOn("planned", false).hasSize(10);
    assertThat(slotReason())
        .isEqualTo("restart limit exceeded (10 in an hour); manual intervention needed");
    assertThat(latest().log()).contains("ERROR").contains("restart limit exceeded (10 in an hour)");
    stop();
    assertThat(slotState()).contains(SlotState.GAVE_UP);
    start(Map.of("STOKER_WORKER_COMMAND", "/bin/false"));
    until("the new watchdog gives up too", () -> latest().log().contains("given up"));
    assertThat(recoveries()).hasSize(11);
    stop();
    start(Map.of("STOKER_WORKER_COMMAND", "/bin/false", "STOKER_START_BY_HAND", "true"));
    until("a person's start is tried", () -> recoveries().size() == 12);
    assertThat(recoveries().getLast())
        .containsEntry("planned", true)
        .containsEntry("cause", "started by a person");
  }

  @Test
  void a_wrong_configuration_is_not_tried_again() throws Exception {
    set("exit", "78");
    start(Map.of());
    awaitState(SlotState.GAVE_UP);
    assertThat(recoveries()).hasSize(1);
    assertThat(slotReason()).contains("configuration is wrong");
  }

  @Test
  void a_fenced_exit_costs_nothing() throws Exception {
    start(Map.of());
    WorkerView first = awaitReady(1);
    new WorkerHeartbeatTable(database.jdbc()).fence(first.id());
    awaitReady(2);
    assertThat(recoveries()).extracting("cause").containsExactly("first start", "exit 75");
    assertThat(recoveries()).filteredOn("planned", false).isEmpty();
  }

  @Test
  void fault_17_a_new_watchdog_adopts_the_worker_of_a_killed_one() throws Exception {
    start(Map.of());
    WorkerView first = awaitReady(1);
    latest().signal("KILL");
    latest().awaitExit(LONG);
    start(Map.of());
    until("adopted", () -> latest().log().contains("adopted: pid " + pid(first)));
    awaitState(SlotState.RUNNING);
    assertThat(worker()).map(RealProcesses::pid).contains(pid(first));
    assertThat(recoveries()).hasSize(1);
    // Nobody's child here, and yet its death is seen at once, with its status.
    WatchdogProcess.signal(pid(first), "KILL");
    awaitReady(2);
    assertThat(recoveries().getLast()).containsEntry("exit_status", 137);
  }

  @Test
  void a_worker_that_died_unwatched_is_replaced_and_counts() throws Exception {
    start(Map.of());
    WorkerView first = awaitReady(1);
    latest().signal("KILL");
    latest().awaitExit(LONG);
    WatchdogProcess.signal(pid(first), "KILL");
    start(Map.of());
    awaitReady(2);
    assertThat(recoveries().getLast())
        .containsEntry("planned", false)
        .containsEntry("cause", "found dead when the watchdog started");
  }

  @Test
  void fault_20_a_second_watchdog_refuses_to_run() throws Exception {
    start(Map.of());
    awaitReady(1);
    start(Map.of());
    assertThat(latest().awaitExit(LONG)).isEqualTo(73);
    assertThat(latest().console())
        .startsWith("Another watchdog looks after ")
        .contains("process " + watchdogs.getFirst().process().pid())
        .hasLineCount(1);
    assertThat(recoveries()).hasSize(1);
  }

  @Test
  void a_second_installation_of_the_same_host_name_leaves_the_workers_of_the_first_alone()
      throws Exception {
    start(Map.of());
    WorkerView first = awaitReady(1);
    awaitState(SlotState.RUNNING);
    start(Map.of("STOKER_DATA_DIR", directory.resolve("second").toString()));
    assertThat(latest().awaitExit(LONG)).isEqualTo(73);
    assertThat(latest().log())
        .contains("Process " + watchdogs.getFirst().process().pid(), "STOKER_HOST_NAME");
    assertThat(slotState()).contains(SlotState.RUNNING);
    assertThat(lives(first)).isTrue();
    assertThat(recoveries()).hasSize(1);
  }

  @Test
  void wrong_settings_are_named_all_at_once() throws Exception {
    start(Map.of("STOKER_WORKERS", "0", "STOKER_KILL_GRACE", "soon"));
    assertThat(latest().awaitExit(LONG)).isEqualTo(78);
    assertThat(latest().console()).contains("STOKER_WORKERS=0", "STOKER_KILL_GRACE=soon");
  }

  @Test
  void a_stop_drains_the_worker_and_says_so() throws Exception {
    start(Map.of());
    WorkerView first = awaitReady(1);
    assertThat(stop()).isZero();
    assertThat(handle(first).filter(ProcessHandle::isAlive)).isEmpty();
    assertThat(slotState()).contains(SlotState.STOPPED);
    assertThat(worker()).map(WorkerView::status).contains(WorkerStatus.STOPPED);
    start(Map.of());
    awaitReady(2);
    assertThat(recoveries()).filteredOn("planned", false).isEmpty();
  }

  @Test
  void a_stop_kills_who_does_not_drain_and_returns_its_leases() throws Exception {
    set("ignore-term", "");
    start(Map.of("STOKER_STOP_GRACE", "1s"));
    WorkerView first = awaitReady(1);
    lease(first.id().holder());
    assertThat(stop()).isZero();
    assertThat(handle(first).filter(ProcessHandle::isAlive)).isEmpty();
    assertThat(slotState()).contains(SlotState.STOPPED);
    assertThat(database.jdbc().sql("SELECT state FROM shard").query(String.class).single())
        .isEqualTo("queued");
  }

  @Test
  void nobody_is_killed_while_the_database_is_away_nor_when_it_returns() throws Exception {
    try (Detour detour = detour()) {
      start(through(detour, "2s"));
      WorkerView first = awaitReady(1);
      awaitState(SlotState.RUNNING);
      detour.block();
      Patience.whilst("the worker lives", Duration.ofSeconds(5), () -> lives(first));
      assertThat(latest().log()).contains("The database does not answer");
      detour.reopen();
      until("it answers", () -> latest().log().contains("The database answers"));
      Patience.whilst("the worker lives", Duration.ofSeconds(3), () -> lives(first));
      assertThat(recoveries()).hasSize(1);
    }
  }

  @Test
  void a_death_while_the_database_is_away_is_repaired_once_it_is_back() throws Exception {
    try (Detour detour = detour()) {
      start(through(detour, "2s"));
      WorkerView first = awaitReady(1);
      awaitState(SlotState.RUNNING);
      detour.block();
      WatchdogProcess.signal(pid(first), "KILL");
      until("seen", () -> latest().log().contains("lost: signal KILL"));
      detour.reopen();
      awaitReady(2);
      assertThat(recoveries()).hasSize(2);
    }
  }

  @Test
  void fault_19_a_watchdog_that_stood_still_judges_nobody_by_old_beats() throws Exception {
    start(Map.of("STOKER_HEARTBEAT_STALE_AFTER", "2s"));
    WorkerView first = awaitReady(1);
    awaitState(SlotState.RUNNING);
    latest().signal("STOP");
    Patience.whilst("the worker lives", Duration.ofSeconds(3), () -> lives(first));
    latest().signal("CONT");
    until("noticed", () -> latest().log().contains("stood still"));
    Patience.whilst("the worker lives", Duration.ofSeconds(3), () -> lives(first));
    assertThat(recoveries()).hasSize(1);
  }
}
