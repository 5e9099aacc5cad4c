package dev.stoker.worker;

import dev.stoker.batch.BatchEndTable;
import dev.stoker.database.Database;
import dev.stoker.database.DatabaseSettings;
import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerId;
import dev.stoker.id.OrderedIds;
import dev.stoker.logging.ProcessLog;
import dev.stoker.queue.ShardTable;
import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.NullEngine;
import dev.stoker.worker.engine.onnx.OnnxEngine;
import dev.stoker.worker.engine.onnx.OnnxSettings;
import dev.stoker.worker.execute.Dispatcher;
import dev.stoker.worker.execute.ExecuteSettings;
import dev.stoker.worker.heartbeat.HeartbeatLoop;
import dev.stoker.worker.heartbeat.Progress;
import dev.stoker.worker.lease.ClaimLoop;
import dev.stoker.worker.lease.HeldShards;
import dev.stoker.worker.lease.LeaseSettings;
import dev.stoker.worker.lease.RenewLoop;
import dev.stoker.worker.settle.Settler;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/** One worker process. */
public final class Worker {
  /** A successor has been appointed: nothing this process still has is worth storing. */
  private static final int EXIT_FENCED = 75;

  private static final int EXIT_MISCONFIGURED = 78;
  private static final Logger log = LoggerFactory.getLogger(Worker.class);

  private final WorkerSettings settings;
  private final Database database;
  private final Database heartbeatDatabase;
  private final Engine engine;
  private final ClaimLoop claims;
  private final RenewLoop renewals;
  private final Dispatcher dispatcher;
  private final Settler settler;
  private final HeartbeatLoop heartbeat;

  private Worker(
      WorkerSettings settings,
      DatabaseSettings databaseSettings,
      LeaseSettings leaseSettings,
      ExecuteSettings executeSettings,
      Engine engine) {
    this.settings = settings;
    this.engine = engine;
    this.database = Database.open(databaseSettings, "stoker worker " + settings.name(), 4);
    this.heartbeatDatabase =
        Database.dedicated(
            databaseSettings, "stoker heartbeat " + settings.name(), Duration.ofSeconds(5));
    WorkerHeartbeatTable heartbeats = new WorkerHeartbeatTable(heartbeatDatabase.jdbc());
    WorkerId id = register(heartbeats, settings);
    log.info("worker {} takes its place, incarnation {}", id.worker(), id.incarnation());

    ShardTable shards = new ShardTable(database.jdbc());
    BatchEndTable batchEnd =
        new BatchEndTable(
            database.jdbc(), database.transactions(), new OrderedIds(InstantSource.system()));
    HeldShards held = new HeldShards();
    Progress progress = new Progress(System::nanoTime);
    Semaphore slots = new Semaphore(engine.slots());
    BooleanSupplier nothingRuns =
        () -> slots.availablePermits() == engine.slots() && held.waiting() == 0;
    this.settler =
        new Settler(shards, batchEnd, held, progress, 2 * engine.slots() + 512, nothingRuns);
    this.claims = new ClaimLoop(shards, held, engine, id.holder(), leaseSettings, System::nanoTime);
    this.renewals = new RenewLoop(shards, held, leaseSettings, System::nanoTime);
    this.dispatcher =
        new Dispatcher(
            held,
            settler,
            engine,
            executeSettings,
            RandomGenerator.getDefault(),
            System::nanoTime,
            slots,
            claims::lineTaken);
    this.heartbeat =
        new HeartbeatLoop(
            heartbeats,
            id,
            settings.heartbeatEvery(),
            engine,
            dispatcher::inFlight,
            progress,
            () -> exit(EXIT_FENCED, "superseded by a newer process of this slot"));
  }

  public static void main(String[] arguments) throws InterruptedException {
    Worker worker;
    try {
      worker = fromEnvironment(Settings.ofEnvironment());
    } catch (InvalidSettings e) {
      System.err.println(e.getMessage());
      System.exit(EXIT_MISCONFIGURED);
      return;
    }
    worker.run();
  }

  private static Worker fromEnvironment(Settings settings) {
    ProcessLog processLog = ProcessLog.from(settings);
    WorkerSettings workerSettings = WorkerSettings.from(settings, host());
    DatabaseSettings database = DatabaseSettings.from(settings);
    LeaseSettings leases = LeaseSettings.from(settings);
    ExecuteSettings execute = ExecuteSettings.from(settings);
    OnnxSettings onnx = OnnxSettings.from(settings);
    settings.verify();
    processLog.start(logName(workerSettings.name()), "worker");
    Engine engine =
        switch (workerSettings.engine()) {
          case "null" -> new NullEngine();
          default -> new OnnxEngine(onnx, System::nanoTime);
        };
    return new Worker(workerSettings, database, leases, execute, engine);
  }

  private void run() throws InterruptedException {
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("drain").unstarted(this::drain));
    heartbeat.start();
    settler.start();
    renewals.start();
    dispatcher.start();
    claims.start();
    log.info("worker {} works with {}", settings.name(), List.copyOf(engine.models()));
    new CountDownLatch(1).await();
  }

  /**
   * Stop claiming, let finish what runs, store it, give the rest back, say goodbye. Runs as the
   * shutdown hook, since that is what SIGTERM starts; it ends the process itself, with 0.
   */
  private void drain() {
    log.info("draining: no further claims, {} requests in flight", dispatcher.inFlight());
    long deadlineNanos = System.nanoTime() + settings.drainGrace().toNanos();
    heartbeat.drain();
    claims.drain();
    boolean finished = awaitUntil(deadlineNanos, () -> settler.idle() && claims.idle());
    claims.close();
    dispatcher.close();
    if (!finished) {
      log.warn("giving back what did not finish within {}", settings.drainGrace());
      attempt("giving back the leases", claims::giveBackAll);
    }
    renewals.close();
    settler.close();
    attempt("the last heartbeat", heartbeat::stop);
    engine.close();
    database.close();
    heartbeatDatabase.close();
    exit(0, "drained");
  }

  private static void attempt(String what, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      log.warn("{} failed; its lease will run out instead", what, e);
    }
  }

  private static boolean awaitUntil(long deadlineNanos, BooleanSupplier condition) {
    CountDownLatch never = new CountDownLatch(1);
    try {
      while (!condition.getAsBoolean()) {
        if (System.nanoTime() - deadlineNanos >= 0 || never.await(20, TimeUnit.MILLISECONDS)) {
          return condition.getAsBoolean();
        }
      }
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }

  /** Waits for the database as long as the watchdog lets it. */
  private static WorkerId register(WorkerHeartbeatTable table, WorkerSettings settings) {
    while (true) {
      try {
        WorkerId id =
            settings
                .incarnation()
                .map(incarnation -> new WorkerId(settings.name(), incarnation))
                .orElseGet(() -> table.reserve(settings.name(), host()));
        if (!table.register(id, ProcessIdentity.ofThisProcess())) {
          exit(EXIT_FENCED, "superseded before it began");
        }
        return id;
      } catch (DataAccessException e) {
        log.warn("waiting for the database: {}", e.getMessage());
        awaitUntil(System.nanoTime() + Duration.ofSeconds(1).toNanos(), () -> false);
      }
    }
  }

  private static void exit(int status, String reason) {
    log.info("exit {}: {}", status, reason);
    ProcessLog.flush();
    Runtime.getRuntime().halt(status);
  }

  private static String logName(String worker) {
    String slot = worker.substring(worker.lastIndexOf('/') + 1);
    return slot.equals("0") ? "worker" : "worker-" + slot;
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
