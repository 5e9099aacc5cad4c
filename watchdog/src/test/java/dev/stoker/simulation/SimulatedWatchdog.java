package dev.stoker.simulation;

import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerId;
import dev.stoker.health.WorkerStatus;
import dev.stoker.health.WorkerView;
import dev.stoker.queue.InFlightFile;
import dev.stoker.queue.LeaseReturn;
import dev.stoker.watchdog.process.ExitStatus;
import dev.stoker.watchdog.process.OutOfMemory.Killer;
import dev.stoker.watchdog.recovery.Recoveries;
import dev.stoker.watchdog.recovery.RecoveryDraft;
import dev.stoker.watchdog.recovery.Reservation;
import dev.stoker.watchdog.recovery.RestartBudget;
import dev.stoker.watchdog.slot.Blame;
import dev.stoker.watchdog.slot.Cause;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One process of the watchdog. It does for each slot what the real one's supervisor decides, in the
 * same order: fence, kill, return the leases, reserve, start. It remembers nothing but whom it has
 * seen alive.
 */
final class SimulatedWatchdog {
  static final Duration STALE = Duration.ofSeconds(26);
  private static final Duration LOOK = Duration.ofMillis(2500);
  private static final String HOST = "host";
  private static final ExitStatus KILL = new ExitStatus(0, 9, false);

  /** Who gives up is another matter, and has tests of its own. */
  private static final RestartBudget BUDGET = new RestartBudget(1_000_000);

  private final World world;
  private final Map<String, SimulatedWorker> slots;
  private final Fleet fleet;
  private final SimulatedProcess process;
  private final WorkerHeartbeatTable heartbeats;
  private final LeaseReturn leases;
  private final Recoveries recoveries;
  private final Map<String, WorkerId> seenAlive = new HashMap<>();

  /** Starts processes. */
  @FunctionalInterface
  interface Fleet {
    SimulatedWorker launch(WorkerId id);
  }

  /**
   * @param slots the processes of the host, which outlive a watchdog
   */
  SimulatedWatchdog(
      World world,
      String name,
      List<String> names,
      Map<String, SimulatedWorker> slots,
      Fleet fleet) {
    this.world = world;
    this.slots = slots;
    this.fleet = fleet;
    this.process = new SimulatedProcess(name, () -> {});
    this.heartbeats = new WorkerHeartbeatTable(world.database().jdbc());
    this.leases = new LeaseReturn(world.database());
    this.recoveries = new Recoveries(world.database());
    for (String slot : names) {
      world.loop(process, slot, LOOK, () -> look(slot));
    }
  }

  SimulatedProcess process() {
    return process;
  }

  private boolean look(String slot) {
    SimulatedWorker worker = slots.get(slot);
    if (worker == null) {
      start(slot, new Cause.Planned("first start"), false, false, 0);
      return false;
    }
    if (worker.process().dead()) {
      boolean known = worker.id().equals(seenAlive.get(slot));
      Cause cause = known ? new Cause.Died(worker.process().exit()) : new Cause.FoundDead();
      replace(worker, cause);
      return false;
    }
    seenAlive.put(slot, worker.id());
    view(worker.id())
        .flatMap(SimulatedWatchdog::wrong)
        .ifPresent(
            cause -> {
              heartbeats.fence(worker.id());
              worker.process().die(KILL);
              replace(worker, cause);
            });
    return false;
  }

  private Optional<WorkerView> view(WorkerId id) {
    return heartbeats.all().stream().filter(view -> view.id().equals(id)).findFirst();
  }

  private static Optional<Cause> wrong(WorkerView view) {
    if (view.status() == WorkerStatus.FENCED) {
      return Optional.of(new Cause.Planned("fenced by an earlier watchdog"));
    }
    return view.sinceSeen()
        .filter(age -> age.compareTo(STALE) > 0 && view.status() != WorkerStatus.RESERVED)
        .map(Cause.Silent::new);
  }

  private void replace(SimulatedWorker dead, Cause cause) {
    Optional<InFlightFile.Reading> inFlight = dead.lastWords();
    boolean blamed =
        Blame.of(cause, Optional.of(Killer.SOMEBODY), inFlight.map(InFlightFile.Reading::answered));
    LeaseReturn.Returned returned = leases.afterDeath(dead.id(), inFlight, blamed);
    start(dead.id().worker(), cause, returned.poison(), returned.convicted(), returned.leases());
  }

  private void start(String slot, Cause cause, boolean poison, boolean convicted, int returned) {
    RecoveryDraft draft =
        new RecoveryDraft(
            slot,
            !cause.counts(),
            poison,
            convicted,
            false,
            cause.text(),
            "",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            returned,
            Duration.ZERO,
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    if (recoveries.reserve(HOST, draft, BUDGET) instanceof Reservation.Granted right) {
      slots.put(slot, fleet.launch(right.id()));
      world.scheduler().say("started " + right.id().holder() + " after: " + cause.text());
    }
  }
}
