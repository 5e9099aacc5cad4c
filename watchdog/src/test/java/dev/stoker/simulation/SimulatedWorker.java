package dev.stoker.simulation;

import dev.stoker.batch.BatchEndTable;
import dev.stoker.database.Database;
import dev.stoker.health.Beat;
import dev.stoker.health.ModelSwaps;
import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerId;
import dev.stoker.health.WorkerStatus;
import dev.stoker.queue.InFlightFile;
import dev.stoker.queue.LineStrikeTable;
import dev.stoker.queue.ShardTable;
import dev.stoker.settings.Settings;
import dev.stoker.watchdog.process.ExitStatus;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.execute.Dispatcher;
import dev.stoker.worker.execute.ExecuteSettings;
import dev.stoker.worker.execute.LineThreads;
import dev.stoker.worker.heartbeat.Progress;
import dev.stoker.worker.lease.ClaimLoop;
import dev.stoker.worker.lease.HeldShards;
import dev.stoker.worker.lease.LeaseSettings;
import dev.stoker.worker.lease.RenewLoop;
import dev.stoker.worker.settle.Settler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** One process of a worker: its real loops, each a task. */
final class SimulatedWorker {
  static final Duration BEAT = Duration.ofSeconds(4);
  private static final ExitStatus FENCED = new ExitStatus(ExitStatus.FENCED, 0, false);
  private static final Duration LINE_TIMEOUT = Duration.ofMinutes(1);
  private static final LeaseSettings LEASES =
      new LeaseSettings(
          Duration.ofSeconds(12),
          Duration.ofSeconds(3),
          Duration.ofSeconds(2),
          Duration.ofMillis(2500));

  private final World world;
  private final WorkerId id;
  private final Path inFlightPath;
  private final SimulatedProcess process;
  private final SimulatedEngine engine;
  private final WorkerHeartbeatTable heartbeats;
  private final HeldShards held;
  private final Progress progress;
  private final Settler settler;
  private final ClaimLoop claims;
  private final RenewLoop renewals;
  private final Dispatcher dispatcher;
  private Optional<InFlightFile.Reading> lastWords = Optional.empty();
  private Optional<Task> claiming = Optional.empty();
  private Optional<Task> settling = Optional.empty();
  private Optional<Task> dispatching = Optional.empty();
  private int engineDeaths;

  SimulatedWorker(World world, WorkerId id, Path inFlightPath) {
    this.world = world;
    this.id = id;
    this.inFlightPath = inFlightPath;
    this.process = new SimulatedProcess(id.holder(), this::leaveLastWords);
    Database database = world.database();
    this.engine = new SimulatedEngine(world, id.holder(), world.random().nextInt(1, 5));
    this.heartbeats = new WorkerHeartbeatTable(database.jdbc());
    ShardTable shards = new ShardTable(database.jdbc());
    BatchEndTable ends = new BatchEndTable(database.jdbc(), database.transactions(), world.ids());
    this.held = new HeldShards(engine::slots, world.clock()::nanos);
    this.progress = new Progress(world.clock()::nanos);
    this.settler = new Settler(shards, ends, held, progress, 16, () -> true);
    this.claims = new ClaimLoop(shards, held, engine, id.holder(), LEASES, world.clock()::nanos);
    this.renewals = new RenewLoop(shards, held, LEASES, world.clock()::nanos);
    LineStrikeTable strikes = new LineStrikeTable(database.jdbc());
    this.dispatcher =
        new Dispatcher(
            held,
            settler,
            engine,
            new ExecuteSettings(ExecuteSettings.from(new Settings(Map.of())).retry(), LINE_TIMEOUT),
            world.random(),
            world.clock()::nanos,
            inFlightFile(),
            (line, alone) -> strikes.strike(id.holder() + "/engine/" + ++engineDeaths, line, alone),
            this::lineTaken,
            new Lines());
  }

  private InFlightFile inFlightFile() {
    try {
      return InFlightFile.create(inFlightPath, id.incarnation(), engine.slots());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private final class Lines implements LineThreads {
    @Override
    public void start(Runnable line) {
      world.scheduler().start(process, "line", line::run);
    }

    @Override
    public void later(Duration delay, Runnable action) {
      world
          .scheduler()
          .start(
              process,
              "later",
              () -> {
                Task.current().orElseThrow().sleep(delay);
                action.run();
              });
    }
  }

  WorkerId id() {
    return id;
  }

  SimulatedProcess process() {
    return process;
  }

  SimulatedEngine engine() {
    return engine;
  }

  /** What its file said after its death. */
  Optional<InFlightFile.Reading> lastWords() {
    return lastWords;
  }

  /** The names of what its engine had when it died count against these lines, if it did itself. */
  private void leaveLastWords() {
    lastWords = InFlightFile.read(inFlightPath);
    world.deaths().of(engine.running());
  }

  void start() {
    world.scheduler().start(process, "start", this::boot);
  }

  private void boot() {
    Task task = Task.current().orElseThrow();
    task.sleep(Duration.ofMillis(world.random().nextInt(300, 2000)));
    world.patiently(
        () -> {
          if (!heartbeats.register(id, new ProcessIdentity(id.hashCode() & 0xffff, 1, "boot"))) {
            process.die(FENCED);
            throw new Killed();
          }
        });
    world.loop(process, "heartbeat", BEAT, this::beat);
    claiming = Optional.of(world.loop(process, "claim", LEASES.idlePoll(), claims::runOnce));
    world.loop(process, "renew", LEASES.renewEvery(), renewals::runOnce);
    settling = Optional.of(world.loop(process, "settle", Duration.ofDays(1), this::settle));
    dispatching = Optional.of(world.loop(process, "dispatch", Duration.ofDays(1), this::dispatch));
  }

  private boolean beat() {
    WorkerStatus status =
        engine.probe() == EngineState.READY ? WorkerStatus.READY : WorkerStatus.ENGINE_DOWN;
    Beat beat =
        new Beat(
            status,
            engine.models(),
            engine.loadedModel(),
            held.running(),
            progress.linesDone(),
            progress.linesDone(),
            progress.sinceLast(),
            ModelSwaps.NONE);
    if (!heartbeats.beat(id, beat)) {
      process.die(FENCED);
      throw new Killed();
    }
    return false;
  }

  private boolean settle() throws InterruptedException {
    return settler.pending() && settler.runOnce();
  }

  private boolean dispatch() throws InterruptedException {
    return held.anyReady() && !settler.full() && dispatcher.runOnce();
  }

  private void lineTaken() {
    if (held.waiting() == engine.slots() - 1) {
      claiming.ifPresent(Task::wake);
    }
  }

  /** What its loops would be woken by. */
  void afterStep() {
    if (process.dead()) {
      return;
    }
    if (held.anyReady() && !settler.full()) {
      dispatching.ifPresent(Task::wake);
    }
    if (settler.pending()) {
      settling.ifPresent(task -> task.wakeWithin(Duration.ofMillis(100)));
    }
  }
}
