package dev.stoker.watchdog.slot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.SlotState;
import dev.stoker.health.WorkerId;
import dev.stoker.health.WorkerStatus;
import dev.stoker.watchdog.process.ExitStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SupervisorTest {

  private static final ExitStatus KILLED = new ExitStatus(0, 9, false);
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration STALE = Duration.ofSeconds(61);

  // Start of the watchdog

  @Test
  void nothing_is_done_before_the_database_says_what_is_there() {
    World world = new World();
    assertThat(world.step()).isEmpty();
    assertThat(world.after(Duration.ofHours(1)).step()).isEmpty();
    assertThat(world.status.state()).isEqualTo(SlotState.RECONCILING);
  }

  @Test
  void a_slot_never_used_is_started_as_planned() {
    World world = new World();
    world.row = new RowSeen.Missing();
    assertThat(world.step())
        .singleElement()
        .isInstanceOfSatisfying(
            Action.Reserve.class,
            reserve -> assertThat(reserve.start().cause().counts()).isFalse());
  }

  @ParameterizedTest
  @EnumSource(
      value = WorkerStatus.class,
      names = {"READY", "ENGINE_DOWN", "DRAINING"})
  void a_living_worker_is_adopted_and_given_a_whole_window(WorkerStatus said) {
    World world = new World();
    world.trusted(false);
    world.row = World.row(said, Duration.ofHours(1));
    assertThat(world.step()).containsExactly(new Action.Adopt(World.PROCESS));
    world.process = new ProcessSeen.Alive();
    world.step(new Answer.Adopted());
    assertThat(world.status.state()).isEqualTo(SlotState.RUNNING);
    world.step();
    assertThat(world.status.state()).isEqualTo(SlotState.SUSPECT);
    world.after(MINUTE).step();
    assertThat(world.status.state()).isEqualTo(SlotState.SUSPECT);
    world.trusted(true);
    world.step();
    assertThat(world.status.state()).isEqualTo(SlotState.KILLING);
  }

  @Test
  void a_living_worker_that_is_not_ready_is_adopted_as_starting() {
    World world = new World();
    world.row = World.row(WorkerStatus.STARTING, Duration.ofSeconds(1));
    world.step();
    world.process = new ProcessSeen.Alive();
    world.step(new Answer.Adopted());
    assertThat(world.status.state()).isEqualTo(SlotState.STARTING);
  }

  @Test
  void a_worker_found_dead_counts() {
    assertThat(causeOfStart(foundDead(WorkerStatus.READY, Optional.empty(), World.BOOT)).counts())
        .isTrue();
    assertThat(
            causeOfStart(foundDead(WorkerStatus.FENCED, Optional.of(SlotState.KILLING), World.BOOT))
                .counts())
        .isTrue();
  }

  @Test
  void a_worker_stopped_as_planned_or_by_a_reboot_does_not_count() {
    assertThat(causeOfStart(foundDead(WorkerStatus.STOPPED, Optional.empty(), World.BOOT)).counts())
        .isFalse();
    assertThat(
            causeOfStart(foundDead(WorkerStatus.READY, Optional.of(SlotState.STOPPED), World.BOOT))
                .counts())
        .isFalse();
    assertThat(
            causeOfStart(foundDead(WorkerStatus.READY, Optional.empty(), "an earlier boot"))
                .counts())
        .isFalse();
  }

  @Test
  void a_person_who_starts_the_watchdog_starts_a_slot_given_up_again() {
    World world = new World();
    world.supervisor = new Supervisor(World.SETTINGS, World.BOOT, true);
    foundDead(world, WorkerStatus.READY, Optional.of(SlotState.GAVE_UP), World.BOOT);
    assertThat(causeOfStart(world)).isEqualTo(new Cause.Planned("started by a person"));
    world.step(new Answer.Reserved(World.ID, 1));
    world.process = new ProcessSeen.Alive();
    world.step(new Answer.Launched(World.PROCESS));
    world.dies(KILLED);
    world.step();
    world.step(new Answer.Fenced());
    world.step();
    assertThat(causeOfStart(world).counts()).isTrue();
  }

  // Starting

  @Test
  void a_start_may_take_its_time() {
    World world = World.starting();
    world.after(Duration.ofSeconds(899)).step();
    assertThat(world.status.state()).isEqualTo(SlotState.STARTING);
  }

  @Test
  void a_start_past_its_deadline_is_ended_without_asking() {
    World world = World.starting();
    world.after(Duration.ofMinutes(15)).step();
    assertThat(world.step(new Answer.Fenced())).containsExactly(new Action.Kill());
  }

  @Test
  void a_start_is_not_judged_while_the_database_is_away() {
    World world = World.starting();
    world.row = new RowSeen.Blind();
    world.after(Duration.ofHours(2)).step();
    assertThat(world.status.state()).isEqualTo(SlotState.STARTING);
  }

  @Test
  void the_beat_of_an_earlier_incarnation_makes_nobody_ready() {
    World world = World.starting();
    world.row =
        new RowSeen.Row(
            new WorkerId("h/0", 0),
            Optional.of(World.PROCESS),
            WorkerStatus.READY,
            Optional.of(Duration.ZERO),
            0,
            0,
            0);
    world.step();
    assertThat(world.status.state()).isEqualTo(SlotState.STARTING);
  }

  @Test
  void a_worker_with_its_engine_down_has_started() {
    World world = World.starting();
    world.row = World.row(WorkerStatus.ENGINE_DOWN, Duration.ZERO);
    world.step();
    assertThat(world.status.state()).isEqualTo(SlotState.RUNNING);
  }

  // Judging heartbeats

  @Test
  void a_late_beat_makes_suspect_and_the_next_one_clears() {
    World world = World.running();
    world.silentFor(Duration.ofSeconds(21));
    world.step();
    assertThat(world.status.state()).isEqualTo(SlotState.SUSPECT);
    world.beats();
    assertThat(world.step()).containsExactly(new Action.Tell(new Notice.Cleared()));
    assertThat(world.status.state()).isEqualTo(SlotState.RUNNING);
  }

  @Test
  void a_stale_beat_leads_to_a_fence_and_nothing_else_yet() {
    World world = World.running();
    world.silentFor(STALE);
    assertThat(world.step()).hasSize(2).last().isEqualTo(new Action.Fence(World.ID));
    assertThat(world.status.state()).isEqualTo(SlotState.KILLING);
  }

  @Test
  void a_beat_just_within_the_limit_is_fresh() {
    World world = World.running();
    world.silentFor(Duration.ofMinutes(1));
    world.step();
    assertThat(world.status.state()).isEqualTo(SlotState.SUSPECT);
  }

  @Test
  void a_stale_beat_proves_nothing_while_the_database_is_not_trusted() {
    World world = World.running();
    world.trusted(false);
    world.silentFor(Duration.ofHours(1));
    world.step();
    world.after(Duration.ofHours(1)).step();
    assertThat(world.status.state()).isEqualTo(SlotState.SUSPECT);
    world.row = new RowSeen.Blind();
    world.after(Duration.ofHours(1)).step();
    assertThat(world.status.state()).isEqualTo(SlotState.SUSPECT);
  }

  @Test
  void work_in_flight_without_progress_is_stuck() {
    World world = World.running();
    world.row = World.working(7);
    world.step();
    world.after(Duration.ofMinutes(29)).step();
    assertThat(world.status.state()).isEqualTo(SlotState.RUNNING);
    world.after(MINUTE).step();
    assertThat(world.status.state()).isEqualTo(SlotState.KILLING);
  }

  @Test
  void a_line_finished_starts_the_measure_of_stuck_anew() {
    World world = World.running();
    for (int line = 0; line < 10; line++) {
      world.row = World.working(line);
      world.after(Duration.ofMinutes(29)).step();
    }
    assertThat(world.status.state()).isEqualTo(SlotState.RUNNING);
  }

  @Test
  void work_after_a_long_rest_is_not_stuck() {
    World world = World.running();
    world.after(Duration.ofHours(5)).step();
    world.row = World.working(0);
    world.after(Duration.ofSeconds(1)).step();
    assertThat(world.status.state()).isEqualTo(SlotState.RUNNING);
  }

  @Test
  void time_that_nobody_could_see_does_not_make_stuck() {
    World world = World.running();
    world.row = World.working(7);
    world.step();
    world.row = new RowSeen.Blind();
    world.after(Duration.ofHours(1)).step();
    world.row = World.working(7);
    world.step();
    assertThat(world.status.state()).isEqualTo(SlotState.RUNNING);
  }

  @Test
  void a_superseded_worker_is_given_a_window_to_end_by_itself() {
    World world = World.running();
    world.row =
        new RowSeen.Row(
            new WorkerId("h/0", 2),
            Optional.empty(),
            WorkerStatus.READY,
            Optional.of(Duration.ZERO),
            0,
            0,
            0);
    world.step();
    assertThat(world.status.state()).isEqualTo(SlotState.SUSPECT);
    world.after(Duration.ofSeconds(59)).step();
    assertThat(world.status.state()).isEqualTo(SlotState.SUSPECT);
    world.after(Duration.ofSeconds(1)).step();
    assertThat(world.status.state()).isEqualTo(SlotState.KILLING);
  }

  @Test
  void a_row_that_is_gone_proves_nothing() {
    World world = World.running();
    world.row = new RowSeen.Missing();
    world.after(Duration.ofHours(1)).step();
    assertThat(world.status.state()).isEqualTo(SlotState.RUNNING);
  }

  // Fence, kill, confirm, return, start

  @Test
  void a_hung_worker_is_asked_then_made_to_end() {
    World world = World.running();
    world.silentFor(STALE);
    world.step();
    assertThat(world.step()).isEmpty();
    assertThat(world.step(new Answer.Fenced())).containsExactly(new Action.Terminate());
    assertThat(world.after(Duration.ofSeconds(9)).step()).isEmpty();
    assertThat(world.after(Duration.ofSeconds(1)).step()).containsExactly(new Action.Kill());
    assertThat(world.status.state()).isEqualTo(SlotState.CONFIRMING);
    assertThat(world.step()).containsExactly(new Action.Kill());
    world.dies(KILLED);
    assertThat(world.step()).singleElement().isInstanceOf(Action.ReturnLeases.class);
    assertThat(world.step(new Answer.Returned(3, false, false)))
        .singleElement()
        .isInstanceOfSatisfying(
            Action.Reserve.class,
            reserve -> {
              assertThat(reserve.start().cause().counts()).isTrue();
              assertThat(reserve.start().after().orElseThrow().leasesReturned()).isEqualTo(3);
            });
  }

  @Test
  void a_death_is_a_fact_without_any_database() {
    World world = World.running();
    world.trusted(false);
    world.row = new RowSeen.Blind();
    world.dies(KILLED);
    assertThat(world.step()).last().isEqualTo(new Action.Fence(World.ID));
    assertThat(world.step(new Answer.Failed())).isEmpty();
    assertThat(world.step()).isEmpty();
    assertThat(world.after(Duration.ofSeconds(1)).step())
        .containsExactly(new Action.Fence(World.ID));
    assertThat(world.step(new Answer.Fenced())).containsExactly(new Action.Kill());
  }

  @Test
  void a_dead_worker_whose_children_live_is_not_followed() {
    World world = World.running();
    world.process = new ProcessSeen.Ended(Optional.of(KILLED), 0, false);
    world.step();
    world.step(new Answer.Fenced());
    assertThat(world.after(MINUTE.minusSeconds(1)).step()).containsExactly(new Action.Kill());
    world.after(Duration.ofSeconds(1)).step();
    assertThat(world.status.state()).isEqualTo(SlotState.UNKILLABLE);
    assertThat(world.step()).isEmpty();
    assertThat(world.after(Duration.ofSeconds(10)).step()).containsExactly(new Action.Kill());
    world.dies(KILLED);
    assertThat(world.step()).singleElement().isInstanceOf(Action.ReturnLeases.class);
  }

  @Test
  void what_the_database_fails_to_do_is_asked_again() {
    World world = dead(KILLED);
    assertThat(world.step(new Answer.Failed())).isEmpty();
    assertThat(world.after(Duration.ofSeconds(1)).step())
        .singleElement()
        .isInstanceOf(Action.ReturnLeases.class);
    world.step(new Answer.Returned(0, false, false));
    assertThat(world.step(new Answer.Failed())).isEmpty();
    assertThat(world.after(Duration.ofSeconds(1)).step())
        .singleElement()
        .isInstanceOf(Action.Reserve.class);
  }

  // How it ended

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 70})
  void any_other_exit_counts_also_of_zero(int code) {
    assertThat(causeOfStart(dead(new ExitStatus(code, 0, false))).counts()).isTrue();
  }

  @Test
  void a_fenced_exit_does_not_count() {
    assertThat(causeOfStart(dead(new ExitStatus(75, 0, false))).counts()).isFalse();
  }

  @Test
  void a_configuration_error_is_final_at_once() {
    World world = dead(new ExitStatus(78, 0, false));
    world.step(new Answer.Returned(0, false, false));
    assertThat(world.status.state()).isEqualTo(SlotState.GAVE_UP);
    assertThat(world.status.reason()).contains("configuration");
  }

  @Test
  void an_unknown_end_counts() {
    assertThat(new Cause.Died(Optional.empty()).counts()).isTrue();
  }

  // Giving up and backing off

  @Test
  void a_refusal_is_final_whatever_happens_then() {
    World world = dead(KILLED);
    world.step(new Answer.Returned(0, false, false));
    assertThat(world.step(new Answer.Refused("10 in an hour")))
        .singleElement()
        .isInstanceOfSatisfying(
            Action.Tell.class, tell -> assertThat(tell.notice()).isInstanceOf(Notice.GaveUp.class));
    assertThat(world.status.reason())
        .isEqualTo("restart limit exceeded (10 in an hour); manual intervention needed");
    world.beats();
    for (Answer late : everyAnswer()) {
      assertThat(world.after(Duration.ofHours(1)).step(late)).isEmpty();
      assertThat(world.status.state()).isEqualTo(SlotState.GAVE_UP);
    }
    world.stopping = true;
    assertThat(world.step()).isEmpty();
    assertThat(world.status.state()).isEqualTo(SlotState.GAVE_UP);
  }

  @Test
  void the_first_respawn_is_at_once_and_the_next_waits() {
    World world = dead(KILLED);
    world.step(new Answer.Returned(0, false, false));
    assertThat(world.status).isInstanceOf(SlotStatus.Reserving.class);
    relaunch(world);
    world.dies(KILLED);
    world.step();
    world.step(new Answer.Fenced());
    world.step();
    world.step(new Answer.Returned(0, false, false));
    assertThat(world.status).isInstanceOf(SlotStatus.Backoff.class);
    assertThat(world.after(Duration.ofMillis(999)).step()).isEmpty();
    assertThat(world.after(Duration.ofMillis(1)).step())
        .singleElement()
        .isInstanceOf(Action.Reserve.class);
  }

  @Test
  void ten_minutes_with_progress_are_a_clean_slate_and_without_are_not() {
    assertThat(streakAfter(Duration.ofMinutes(10), 1)).isZero();
    assertThat(streakAfter(Duration.ofMinutes(10), 0)).isEqualTo(1);
    assertThat(streakAfter(Duration.ofMinutes(9), 1)).isEqualTo(1);
  }

  @Test
  void a_process_that_cannot_be_made_counts() {
    World world = dead(KILLED);
    world.step(new Answer.Returned(0, false, false));
    world.step(new Answer.Reserved(World.ID, 2));
    world.step(new Answer.NotLaunched("no such file"));
    assertThat(world.status.reason()).isEqualTo("could not be started: no such file");
    assertThat(world.status).isInstanceOf(SlotStatus.Backoff.class);
  }

  // Stop of the watchdog

  @Test
  void a_stop_asks_the_worker_and_leaves_it_its_grace() {
    World world = World.running();
    world.stopping = true;
    assertThat(world.step()).containsExactly(new Action.Terminate());
    assertThat(world.after(Duration.ofSeconds(29)).step()).isEmpty();
    world.dies(new ExitStatus(0, 0, false));
    assertThat(world.step()).containsExactly(new Action.Kill());
    assertThat(world.step()).singleElement().isInstanceOf(Action.ReturnLeases.class);
    world.step(new Answer.Returned(0, false, false));
    assertThat(world.status.state()).isEqualTo(SlotState.STOPPED);
  }

  @Test
  void who_does_not_drain_in_time_is_fenced_and_killed() {
    World world = World.running();
    world.stopping = true;
    world.step();
    assertThat(world.after(Duration.ofSeconds(30)).step())
        .last()
        .isEqualTo(new Action.Fence(World.ID));
    assertThat(world.step(new Answer.Fenced())).containsExactly(new Action.Kill());
  }

  @Test
  void a_stop_needs_no_database() {
    World world = World.running();
    world.row = new RowSeen.Blind();
    world.stopping = true;
    world.step();
    world.after(Duration.ofSeconds(30)).step();
    assertThat(world.step(new Answer.Failed())).containsExactly(new Action.Kill());
    world.dies(KILLED);
    world.step();
    world.step(new Answer.Failed());
    assertThat(world.status.state()).isEqualTo(SlotState.STOPPED);
  }

  @Test
  void a_stop_in_the_middle_of_a_recovery_starts_nobody() {
    World world = dead(KILLED);
    world.stopping = true;
    world.step(new Answer.Returned(0, false, false));
    assertThat(world.status.state()).isEqualTo(SlotState.STOPPED);

    World reserving = dead(KILLED);
    reserving.step(new Answer.Returned(0, false, false));
    reserving.stopping = true;
    assertThat(reserving.step(new Answer.Reserved(World.ID, 2)))
        .noneMatch(action -> action instanceof Action.Launch);
    assertThat(reserving.status.state()).isEqualTo(SlotState.STOPPED);
  }

  private static World foundDead(WorkerStatus said, Optional<SlotState> before, String boot) {
    return foundDead(new World(), said, before, boot);
  }

  private static World foundDead(
      World world, WorkerStatus said, Optional<SlotState> before, String boot) {
    world.before = before;
    world.row =
        new RowSeen.Row(
            World.ID,
            Optional.of(new ProcessIdentity(100, 5000, boot)),
            said,
            Optional.of(MINUTE),
            0,
            0,
            0);
    world.step();
    assertThat(world.step(new Answer.NotThere())).last().isEqualTo(new Action.Fence(World.ID));
    assertThat(world.step(new Answer.Fenced())).containsExactly(new Action.Kill());
    assertThat(world.step()).singleElement().isInstanceOf(Action.ReturnLeases.class);
    return world;
  }

  /** A worker that has just been proved dead; its leases are about to be returned. */
  private static World dead(ExitStatus how) {
    World world = World.running();
    world.dies(how);
    world.step();
    world.step(new Answer.Fenced());
    assertThat(world.step()).singleElement().isInstanceOf(Action.ReturnLeases.class);
    return world;
  }

  private static Cause causeOfStart(World world) {
    List<Action> actions = world.step(new Answer.Returned(0, false, false));
    assertThat(actions).hasSize(1);
    return ((Action.Reserve) actions.getFirst()).start().cause();
  }

  private static void relaunch(World world) {
    world.step(new Answer.Reserved(World.ID, 2));
    world.process = new ProcessSeen.Alive();
    world.row = World.row(WorkerStatus.RESERVED, Duration.ZERO);
    world.step(new Answer.Launched(World.PROCESS));
    world.beats();
    world.step();
    assertThat(world.status.state()).isEqualTo(SlotState.RUNNING);
  }

  private static int streakAfter(Duration uptime, long lines) {
    World world = dead(KILLED);
    world.step(new Answer.Returned(0, false, false));
    relaunch(world);
    world.row = World.working(lines);
    world.after(uptime).step();
    return ((SlotStatus.Running) world.status).watch().streak();
  }

  private static List<Answer> everyAnswer() {
    return List.of(
        new Answer.Adopted(),
        new Answer.NotThere(),
        new Answer.Fenced(),
        new Answer.Returned(1, false, false),
        new Answer.Reserved(World.ID, 1),
        new Answer.Refused("10 in an hour"),
        new Answer.Launched(World.PROCESS),
        new Answer.NotLaunched("x"),
        new Answer.Failed());
  }
}
