package dev.stoker.simulation;

import dev.stoker.watchdog.process.ExitStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Does what harms, until everything has to heal. Each seed has its own kinds of harm. */
final class Nemesis implements Trouble {
  private static final ExitStatus KILLED = new ExitStatus(0, 9, false);
  private static final ExitStatus CRASHED = new ExitStatus(0, 11, true);

  /** The server rolls back what a process has left open for so long. */
  private static final Duration IDLE_TRANSACTION_MAX = Duration.ofSeconds(15);

  private enum Harm {
    KILL_WORKER,
    CRASH_WORKER,
    STOP_WORKER,
    KILL_SERVER,
    STOP_SERVER,
    KILL_WATCHDOG,
    SET_CLOCK,
    KILL_ENGINE,
    SWAP_MODEL,
    CUT_DATABASE
  }

  private final World world;
  private final Installation installation;
  private final RandomGenerator random;
  private final SimulatedProcess process = new SimulatedProcess("nemesis", () -> {});
  private final List<Harm> harms = new ArrayList<>();
  private final double faulty;
  private final double slowly;
  private final double stalling;
  private boolean healed;
  private boolean databaseAway;

  Nemesis(World world, Installation installation) {
    this.world = world;
    this.installation = installation;
    this.random = world.random();
    for (Harm harm : Harm.values()) {
      if (random.nextInt(3) == 0) {
        harms.add(harm);
      }
    }
    this.faulty = random.nextInt(3) * 0.01;
    this.slowly = random.nextInt(3) * 0.008;
    this.stalling = random.nextInt(3) * 0.02;
  }

  @Override
  public void start() {
    if (!harms.isEmpty()) {
      world.scheduler().start(process, "harm", this::run);
    }
  }

  private void run() {
    while (!healed) {
      sleep(200, 8_000);
      if (!healed) {
        Harm harm = harms.get(random.nextInt(harms.size()));
        world.scheduler().say("nemesis: " + harm);
        inflict(harm);
      }
    }
  }

  private void inflict(Harm harm) {
    switch (harm) {
      case KILL_WORKER -> worker().ifPresent(worker -> worker.process().die(KILLED));
      case CRASH_WORKER -> worker().ifPresent(worker -> worker.process().die(CRASHED));
      case STOP_WORKER -> worker().ifPresent(worker -> stop(worker.process(), 500, 30_000));
      case KILL_SERVER -> installation.server().ifPresent(server -> server.process().die(KILLED));
      case STOP_SERVER ->
          installation.server().ifPresent(server -> stop(server.process(), 500, 25_000));
      case KILL_WATCHDOG -> installation.watchdog().process().die(KILLED);
      case SET_CLOCK -> world.clock().setForward(Duration.ofMillis(random.nextInt(1_000, 40_000)));
      case KILL_ENGINE -> worker().ifPresent(this::killEngine);
      case SWAP_MODEL -> worker().ifPresent(this::swap);
      case CUT_DATABASE -> cutDatabase();
    }
  }

  private Optional<SimulatedWorker> worker() {
    List<SimulatedWorker> living = installation.workers();
    return living.isEmpty()
        ? Optional.empty()
        : Optional.of(living.get(random.nextInt(living.size())));
  }

  private static boolean ofLease(Task task) {
    return task.toString().matches(".*/(settle|renew|ending)");
  }

  private void stop(SimulatedProcess victim, int minMillis, int maxMillis) {
    Duration time = Duration.ofMillis(random.nextInt(minMillis, maxMillis));
    world.scheduler().say("nemesis: stops " + victim + " for " + time);
    victim.stopped(true);
    later(time, () -> victim.stopped(false));
    if (time.compareTo(IDLE_TRANSACTION_MAX) > 0) {
      later(IDLE_TRANSACTION_MAX, () -> installation.cutOffIdle(victim));
    }
  }

  private void killEngine(SimulatedWorker worker) {
    worker.engine().die();
    later(Duration.ofMillis(random.nextInt(100, 8_000)), () -> worker.engine().recover());
  }

  private void swap(SimulatedWorker worker) {
    worker.engine().loadOnly(World.MODELS.get(random.nextInt(World.MODELS.size())));
    later(Duration.ofMillis(random.nextInt(1_000, 20_000)), () -> worker.engine().recover());
  }

  private void cutDatabase() {
    databaseAway = true;
    later(Duration.ofMillis(random.nextInt(500, 12_000)), () -> databaseAway = false);
  }

  private void later(Duration time, Runnable action) {
    world
        .scheduler()
        .start(
            process,
            "later",
            () -> {
              Task.current().orElseThrow().sleep(time);
              if (!healed) {
                action.run();
              }
            });
  }

  @Override
  public Fault fault(Task task) {
    if (healed) {
      return Fault.NONE;
    }
    if (databaseAway) {
      return Fault.UNSENT;
    }
    if (random.nextDouble() >= faulty) {
      return Fault.NONE;
    }
    return switch (random.nextInt(6)) {
      case 0 -> Fault.DEATH_BEFORE;
      case 1 -> Fault.DEATH_AFTER;
      case 2, 3 -> Fault.UNSENT;
      default -> Fault.UNHEARD;
    };
  }

  /**
   * Now and then a packet is lost, and sent again, and lost again; or all of a process stops in the
   * very moment in which it wants to say something of its lease, for about as long as that lasts.
   */
  @Override
  public Duration latency(Task task) {
    if (!healed && ofLease(task) && random.nextDouble() < stalling) {
      stop(task.process(), 10_000, 24_000);
    }
    boolean slow = !healed && random.nextDouble() < slowly;
    return Duration.ofMillis(random.nextInt(1, slow ? 25_000 : 20));
  }

  @Override
  public boolean healed() {
    return healed;
  }

  @Override
  public void heal() {
    healed = true;
    databaseAway = false;
    world.scheduler().say("all heals");
    installation.goOn();
  }

  private void sleep(int fromMillis, int toMillis) {
    Task.current().orElseThrow().sleep(Duration.ofMillis(random.nextInt(fromMillis, toMillis)));
  }
}
