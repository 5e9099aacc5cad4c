package dev.stoker.watchdog.slot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.SlotState;
import dev.stoker.health.SlotWish;
import dev.stoker.health.WorkerStatus;
import dev.stoker.watchdog.process.ExitStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Faults by the number they have in the specification, as decisions; real processes follow. */
class SupervisorFaultsTest {

  private static final Duration STALE = Duration.ofSeconds(61);
  private static final ExitStatus KILLED = new ExitStatus(0, 9, false);

  @Test
  void fault_12_without_a_database_nobody_is_killed_and_nobody_started() {
    World world = World.running();
    world.row = new RowSeen.Blind();
    world.trusted(false);
    shows(world, Duration.ofSeconds(1), 5);
    for (int minute = 0; minute < 600; minute++) {
      assertThat(world.after(Duration.ofMinutes(1)).step()).isEmpty();
    }
    assertThat(world.status.state()).isEqualTo(SlotState.RUNNING);
  }

  @Test
  void fault_14_a_worker_that_hangs_while_the_database_is_away_is_killed_and_its_successor_waits() {
    World world = World.running();
    world.row = new RowSeen.Blind();
    world.trusted(false);
    shows(world, Duration.ofMinutes(1), 5);
    assertThat(world.step()).isEmpty();
    shows(world, STALE, 5);
    assertThat(world.step()).last().isEqualTo(new Action.Fence(World.ID));
    // Nobody can write while the database is away: it need not say so first.
    assertThat(world.step(new Answer.Failed())).containsExactly(new Action.Terminate());
    assertThat(world.after(Duration.ofSeconds(10)).step()).containsExactly(new Action.Kill());
    world.dies(KILLED);
    assertThat(world.step()).singleElement().isInstanceOf(Action.ReturnLeases.class);
    for (int i = 0; i < 100; i++) {
      assertThat(world.step(new Answer.Failed())).isEmpty();
      assertThat(world.after(Duration.ofSeconds(1)).step())
          .singleElement()
          .isInstanceOf(Action.ReturnLeases.class);
    }
    assertThat(world.step(new Answer.Returned(2, false, false)))
        .singleElement()
        .isInstanceOf(Action.Reserve.class);
  }

  @Test
  void fault_16_a_worker_that_lost_only_its_database_is_left_alone_for_three_windows() {
    World world = World.running();
    world.silentFor(STALE);
    shows(world, Duration.ofSeconds(1), 5);
    world.step();
    assertThat(world.status.state()).isEqualTo(SlotState.SUSPECT);
    assertThat(world.status.reason()).isEqualTo("it lives, and cannot reach the database");
    world.silentFor(Duration.ofMinutes(3));
    assertThat(world.step()).isEmpty();
    world.silentFor(Duration.ofSeconds(181));
    assertThat(cause(world.step())).isInstanceOf(Cause.CutOff.class);
  }

  @Test
  void fault_16_an_outage_that_has_just_ended_proves_no_worker_cut_off() {
    World world = World.running();
    world.contact = Duration.ofSeconds(179);
    world.silentFor(Duration.ofHours(1));
    shows(world, Duration.ofSeconds(1), 5);
    world.step();
    assertThat(world.status.state()).isEqualTo(SlotState.SUSPECT);
    world.contact = Duration.ofMinutes(3);
    assertThat(cause(world.step())).isInstanceOf(Cause.CutOff.class);
  }

  @Test
  void a_worker_silent_on_both_channels_hangs() {
    World world = World.running();
    world.silentFor(STALE);
    shows(world, STALE, 5);
    assertThat(cause(world.step())).isInstanceOf(Cause.Silent.class);
  }

  @Test
  void a_local_heartbeat_that_stands_still_is_remarked_upon_and_proves_nothing_alone() {
    World world = World.running();
    shows(world, Duration.ofHours(9), 5);
    assertThat(world.step()).singleElement().isInstanceOf(Action.Tell.class);
    assertThat(world.after(Duration.ofHours(9)).step()).isEmpty();
    assertThat(world.status.state()).isEqualTo(SlotState.SUSPECT);
  }

  @Test
  void an_engine_that_answers_its_canary_is_slow_and_not_stuck() {
    World world = World.running();
    for (int step = 0; step < 50; step++) {
      world.row = World.working(7);
      shows(world, Duration.ofSeconds(1), 8 + step);
      assertThat(world.after(Duration.ofMinutes(29)).step()).isEmpty();
    }
    assertThat(world.status.state()).isEqualTo(SlotState.RUNNING);
    world.after(Duration.ofMinutes(29)).step();
    assertThat(cause(world.after(Duration.ofMinutes(2)).step())).isInstanceOf(Cause.Stuck.class);
  }

  @Test
  void fault_22_a_process_of_an_earlier_boot_is_neither_adopted_nor_harmed() {
    World world = new World();
    world.row =
        new RowSeen.Row(
            World.ID,
            Optional.of(new ProcessIdentity(100, 5000, "an earlier boot")),
            WorkerStatus.READY,
            Optional.of(Duration.ofSeconds(1)),
            3,
            9,
            9);
    world.step();
    // The kernel is asked for exactly that process, and knows none of that boot.
    world.step(new Answer.NotThere());
    world.step(new Answer.Fenced());
    world.step();
    List<Action> actions = world.step(new Answer.Returned(1, false, false));
    assertThat(((Action.Reserve) actions.getFirst()).start().cause())
        .isEqualTo(new Cause.Planned("start after a restart of the host"));
  }

  @Test
  void fault_24_a_worker_that_had_work_for_long_and_finished_nothing_is_fruitless() {
    assertThat(dyingAfter(Duration.ofMinutes(6), 0, 3).fruitless()).isTrue();
    assertThat(dyingAfter(Duration.ofMinutes(6), 1, 3).fruitless()).isFalse();
    assertThat(dyingAfter(Duration.ofMinutes(6), 0, 0).fruitless()).isFalse();
    assertThat(dyingAfter(Duration.ofMinutes(4), 0, 3).fruitless()).isFalse();
  }

  @Test
  void fault_25_a_death_that_closes_in_on_a_poison_line_costs_nothing_and_is_not_waited_for() {
    World world = World.running();
    for (int death = 0; death < 20; death++) {
      world.dies(new ExitStatus(0, 6, true));
      world.step();
      world.step(new Answer.Fenced());
      world.step();
      List<Action> actions = world.step(new Answer.Returned(1, true, false));
      Start start = ((Action.Reserve) actions.getFirst()).start();
      assertThat(start.poison()).isTrue();
      assertThat(start.cause().counts()).isTrue();
      relaunch(world);
    }
  }

  @Test
  void fault_27_a_start_that_progresses_may_take_long_but_not_for_ever() {
    World world = World.starting();
    for (int step = 1; step <= 3; step++) {
      shows(world, Duration.ofSeconds(1), step);
      assertThat(world.after(Duration.ofMinutes(14)).step()).isEmpty();
    }
    assertThat(world.status.state()).isEqualTo(SlotState.STARTING);
    world.after(Duration.ofMinutes(14));
    shows(world, Duration.ofSeconds(1), 4);
    assertThat(world.step()).isEmpty();
    world.after(Duration.ofMinutes(5));
    shows(world, Duration.ofSeconds(1), 5);
    assertThat(cause(world.step())).isInstanceOf(Cause.NeverReady.class);
  }

  @Test
  void fault_27_a_start_that_stands_still_is_ended_at_its_deadline() {
    World world = World.starting();
    shows(world, Duration.ofSeconds(1), 4);
    world.after(Duration.ofMinutes(5)).step();
    assertThat(world.after(Duration.ofSeconds(899)).step()).isEmpty();
    assertThat(cause(world.after(Duration.ofSeconds(1)).step()))
        .isInstanceOf(Cause.NeverReady.class);
  }

  @Test
  void fault_28_nobody_is_started_on_a_broken_gpu_until_a_person_says_so() {
    World world = deadBeforeGpuCheck();
    assertThat(world.step(new Answer.GpuBroken("Xid 79: it has fallen off the bus")))
        .containsExactly(
            new Action.Tell(new Notice.Quarantined("Xid 79: it has fallen off the bus")));
    assertThat(world.status.state()).isEqualTo(SlotState.QUARANTINED);
    assertThat(world.after(Duration.ofDays(1)).step()).isEmpty();
    world.wish = SlotWish.RESUME;
    assertThat(world.step())
        .containsExactly(new Action.Grant(SlotWish.RESUME), new Action.CheckGpu());
    world.wish = SlotWish.NONE;
    assertThat(world.step(new Answer.GpuFree())).singleElement().isInstanceOf(Action.Reserve.class);
  }

  @Test
  void fault_32_nobody_is_started_while_memory_of_the_gpu_is_still_held() {
    World world = deadBeforeGpuCheck();
    for (int second = 0; second < 60; second += 5) {
      assertThat(world.step(new Answer.GpuBusy("process 7, 40 GiB"))).isEmpty();
      assertThat(world.after(Duration.ofSeconds(5)).step()).containsExactly(new Action.CheckGpu());
    }
    assertThat(world.step(new Answer.GpuBusy("process 7, 40 GiB")))
        .containsExactly(new Action.Tell(new Notice.GpuBusy("process 7, 40 GiB")));
    assertThat(world.status.state()).isEqualTo(SlotState.GPU_BUSY);
    assertThat(world.status.reason()).contains("process 7");
    world.after(Duration.ofSeconds(5)).step();
    assertThat(world.step(new Answer.GpuFree())).singleElement().isInstanceOf(Action.Reserve.class);
  }

  @ParameterizedTest
  @EnumSource(
      value = SlotWish.class,
      names = {"RESUME", "RESTART"})
  void a_slot_given_up_runs_again_when_a_person_asks(SlotWish wish) {
    World world = deadBeforeGpuCheck();
    world.step(new Answer.GpuFree());
    world.step(new Answer.Refused("10 in an hour"));
    assertThat(world.status.state()).isEqualTo(SlotState.GAVE_UP);
    world.helpful = true;
    world.wish = wish;
    assertThat(world.step())
        .last()
        .isInstanceOfSatisfying(
            Action.Reserve.class,
            reserve -> assertThat(reserve.start().cause().counts()).isFalse());
  }

  @Test
  void a_restart_by_a_person_drains_and_costs_nothing() {
    World world = World.running();
    world.wish = SlotWish.RESTART;
    assertThat(world.step())
        .containsExactly(new Action.Grant(SlotWish.RESTART), new Action.Terminate());
    world.wish = SlotWish.NONE;
    assertThat(world.after(Duration.ofSeconds(29)).step()).isEmpty();
    world.dies(new ExitStatus(0, 0, false));
    assertThat(world.step()).containsExactly(new Action.Kill());
    world.step();
    assertThat(world.step(new Answer.Returned(0, false, false)))
        .singleElement()
        .isInstanceOfSatisfying(
            Action.Reserve.class,
            reserve -> assertThat(reserve.start().cause().counts()).isFalse());
  }

  @Test
  void who_does_not_drain_for_a_restart_is_fenced_and_killed() {
    World world = World.running();
    world.wish = SlotWish.RESTART;
    world.step();
    world.wish = SlotWish.NONE;
    assertThat(world.after(Duration.ofSeconds(30)).step())
        .last()
        .isEqualTo(new Action.Fence(World.ID));
    assertThat(world.step(new Answer.Fenced())).containsExactly(new Action.Kill());
  }

  @Test
  void to_resume_what_runs_is_void_and_what_waits_starts_at_once() {
    World running = World.running();
    running.wish = SlotWish.RESUME;
    assertThat(running.step()).containsExactly(new Action.Grant(SlotWish.RESUME));
    assertThat(running.status.state()).isEqualTo(SlotState.RUNNING);

    World waiting = World.running();
    for (int death = 0; death < 6; death++) {
      waiting.dies(KILLED);
      waiting.step();
      waiting.step(new Answer.Fenced());
      waiting.step();
      waiting.step(new Answer.Returned(0, false, false));
      if (waiting.status instanceof SlotStatus.Backoff) {
        break;
      }
      relaunch(waiting);
    }
    assertThat(waiting.status).isInstanceOf(SlotStatus.Backoff.class);
    waiting.wish = SlotWish.RESUME;
    assertThat(waiting.step()).last().isInstanceOf(Action.Reserve.class);
  }

  @Test
  void evidence_is_gathered_first_and_never_waited_for_long() {
    World world = World.running();
    world.helpful = false;
    world.silentFor(STALE);
    assertThat(world.step()).last().isInstanceOf(Action.Gather.class);
    assertThat(world.after(Duration.ofSeconds(11)).step()).isEmpty();
    assertThat(world.after(Duration.ofSeconds(1)).step())
        .containsExactly(new Action.Fence(World.ID));

    World dead = World.running();
    dead.helpful = false;
    dead.dies(KILLED);
    assertThat(dead.step()).last().isInstanceOf(Action.Gather.class);
    assertThat(dead.after(Duration.ofMillis(999)).step()).isEmpty();
    assertThat(dead.after(Duration.ofMillis(1)).step()).containsExactly(new Action.Fence(World.ID));
  }

  @Test
  void unknown_processes_in_a_slot_that_nothing_is_known_of_are_ended_before_it_is_used() {
    World world = new World();
    world.row = new RowSeen.Missing();
    world.process = new ProcessSeen.Ended(Optional.empty(), 0, false);
    assertThat(world.step()).containsExactly(new Action.Kill());
    assertThat(world.step()).containsExactly(new Action.Kill());
    world.process = new ProcessSeen.Ended(Optional.empty(), 0, true);
    assertThat(world.step()).singleElement().isInstanceOf(Action.Reserve.class);
  }

  @ParameterizedTest
  @CsvSource({
    "GAVE_UP, boot, GAVE_UP",
    "GAVE_UP, an earlier boot, GAVE_UP",
    "QUARANTINED, boot, GAVE_UP",
    "QUARANTINED, an earlier boot, BACKOFF",
  })
  void fault_23_what_waits_for_a_person_waits_on_under_a_new_watchdog(
      SlotState before, String boot, SlotState after) {
    World world = new World();
    world.before = Optional.of(before);
    world.row =
        new RowSeen.Row(
            World.ID,
            Optional.of(new ProcessIdentity(100, 5000, boot)),
            WorkerStatus.FENCED,
            Optional.of(Duration.ofHours(9)),
            0,
            0,
            0);
    world.step();
    world.step(new Answer.NotThere());
    world.step(new Answer.Fenced());
    world.step();
    world.step(new Answer.Returned(0, false, false));
    assertThat(world.status.state()).isEqualTo(after);
  }

  @Test
  void a_worker_whose_row_was_lost_is_judged_by_its_local_heartbeat() {
    World world = World.running();
    world.row = new RowSeen.Missing();
    shows(world, STALE, 5);
    assertThat(cause(world.step())).isInstanceOf(Cause.SilentLocally.class);
  }

  @Test
  void a_start_is_not_blamed_for_time_that_nobody_could_see() {
    World world = World.starting();
    world.row = new RowSeen.Blind();
    world.after(Duration.ofMinutes(40)).step();
    world.row = World.row(WorkerStatus.RESERVED, Duration.ofHours(1));
    assertThat(world.after(Duration.ofMinutes(1)).step()).isEmpty();
    assertThat(world.status.state()).isEqualTo(SlotState.STARTING);
  }

  @Test
  void a_stop_right_after_the_start_drains_the_worker_that_is_there() {
    World world = new World();
    world.stopping = true;
    world.row = World.row(WorkerStatus.READY, Duration.ZERO);
    assertThat(world.step()).containsExactly(new Action.Adopt(World.PROCESS));
    world.process = new ProcessSeen.Alive();
    world.step(new Answer.Adopted());
    assertThat(world.step()).containsExactly(new Action.Terminate());
  }

  private static void shows(World world, Duration still, long steps) {
    world.local = Optional.of(new LocalSeen(still, steps, 1));
  }

  private static Cause cause(List<Action> actions) {
    return actions.stream()
        .filter(Action.Tell.class::isInstance)
        .map(action -> ((Action.Tell) action).notice())
        .filter(Notice.Condemned.class::isInstance)
        .map(notice -> ((Notice.Condemned) notice).verdict().cause())
        .findFirst()
        .orElseThrow(() -> new AssertionError("nobody is condemned by " + actions));
  }

  private static Verdict dyingAfter(Duration life, long lines, int inFlight) {
    World world = World.running();
    world.row =
        new RowSeen.Row(
            World.ID,
            Optional.of(World.PROCESS),
            WorkerStatus.READY,
            Optional.of(Duration.ZERO),
            inFlight,
            lines,
            lines);
    world.step();
    world.after(life);
    world.dies(KILLED);
    Action.Tell told = (Action.Tell) world.step().getFirst();
    return ((Notice.Condemned) told.notice()).verdict();
  }

  private static World deadBeforeGpuCheck() {
    World world = World.running();
    world.dies(KILLED);
    world.step();
    world.helpful = false;
    world.step(new Answer.Fenced());
    world.step();
    assertThat(world.step(new Answer.Returned(0, false, false)))
        .containsExactly(new Action.CheckGpu());
    return world;
  }

  private static void relaunch(World world) {
    if (world.status instanceof SlotStatus.Backoff) {
      return;
    }
    world.step(new Answer.Reserved(World.ID, 2));
    world.process = new ProcessSeen.Alive();
    world.row = World.row(WorkerStatus.RESERVED, Duration.ZERO);
    world.step(new Answer.Launched(World.PROCESS));
    world.beats();
    world.step();
    assertThat(world.status.state()).isEqualTo(SlotState.RUNNING);
  }
}
