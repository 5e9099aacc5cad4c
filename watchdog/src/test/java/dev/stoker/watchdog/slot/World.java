package dev.stoker.watchdog.slot;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.SlotState;
import dev.stoker.health.SlotWish;
import dev.stoker.health.WorkerId;
import dev.stoker.health.WorkerStatus;
import dev.stoker.watchdog.process.ExitStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What there is to be seen around a slot, set by a test, one thing at a time. */
final class World {

  static final String BOOT = "boot";
  static final SlotSettings SETTINGS =
      new SlotSettings(
          Duration.ofMinutes(1),
          Duration.ofMinutes(30),
          Duration.ofMinutes(15),
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          10,
          Duration.ofMinutes(5));
  static final WorkerId ID = new WorkerId("h/0", 1);
  static final ProcessIdentity PROCESS = new ProcessIdentity(100, 5000, BOOT);

  Supervisor supervisor = new Supervisor(SETTINGS, BOOT, false);
  SlotStatus status = supervisor.first();
  long now;
  ProcessSeen process = new ProcessSeen.None();
  RowSeen row = new RowSeen.Blind();
  Duration contact = Duration.ofDays(1);
  Optional<LocalSeen> local = Optional.empty();
  SlotWish wish = SlotWish.NONE;
  Optional<SlotState> before = Optional.empty();
  boolean stopping;

  /** Whether what most tests are not about goes well by itself. */
  boolean helpful = true;

  /** One decision. */
  List<Action> step(Answer... answer) {
    Observation seen =
        new Observation(
            now,
            process,
            row,
            contact,
            before,
            local,
            wish,
            answer.length == 0 ? Optional.empty() : Optional.of(answer[0]),
            stopping,
            1);
    Decision decision = supervisor.next(status, seen);
    status = decision.next();
    return helpful ? helped(decision.actions()) : decision.actions();
  }

  /** Evidence is at hand and the GPU free, as in most tests. */
  private List<Action> helped(List<Action> actions) {
    List<Action> left = new ArrayList<>();
    for (Action action : actions) {
      switch (action) {
        case Action.Gather _ -> left.addAll(step(new Answer.Gathered()));
        case Action.CheckGpu _ -> left.addAll(step(new Answer.GpuFree()));
        default -> left.add(action);
      }
    }
    return left;
  }

  void trusted(boolean trusted) {
    contact = trusted ? Duration.ofDays(1) : Duration.ZERO;
  }

  World after(Duration pause) {
    now += pause.toNanos();
    return this;
  }

  static RowSeen.Row row(WorkerStatus status, Duration age) {
    return new RowSeen.Row(ID, Optional.of(PROCESS), status, Optional.of(age), 0, 0, 0);
  }

  static RowSeen.Row working(long linesDone) {
    return new RowSeen.Row(
        ID,
        Optional.of(PROCESS),
        WorkerStatus.READY,
        Optional.of(Duration.ZERO),
        2,
        linesDone,
        linesDone);
  }

  void beats() {
    row = row(WorkerStatus.READY, Duration.ZERO);
  }

  void silentFor(Duration age) {
    row = row(WorkerStatus.READY, age);
  }

  void dies(ExitStatus how) {
    process = new ProcessSeen.Ended(Optional.of(how), now, true);
  }

  /** A worker that has just become ready. */
  static World running() {
    World world = starting();
    world.beats();
    world.step();
    return world;
  }

  /** A worker whose process has just been made. */
  static World starting() {
    World world = new World();
    world.row = new RowSeen.Missing();
    world.step();
    world.step(new Answer.Reserved(ID, 1));
    world.process = new ProcessSeen.Alive();
    world.row = row(WorkerStatus.RESERVED, Duration.ofHours(1));
    world.step(new Answer.Launched(PROCESS));
    return world;
  }
}
