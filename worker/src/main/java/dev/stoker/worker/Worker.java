package dev.stoker.worker;

import dev.stoker.database.Database;
import dev.stoker.database.DatabaseSettings;
import dev.stoker.database.Schema;
import dev.stoker.database.SchemaTable;
import dev.stoker.health.HostName;
import dev.stoker.health.LocalBeat;
import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerId;
import dev.stoker.logging.ErrorReports;
import dev.stoker.logging.ProcessLog;
import dev.stoker.queue.InFlightFile;
import dev.stoker.queue.ShardTable;
import dev.stoker.service.EndSignals;
import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineRequest;
import dev.stoker.worker.engine.WatchedEngine;
import dev.stoker.worker.execute.ExecuteSettings;
import dev.stoker.worker.lease.LeaseSettings;
import dev.stoker.worker.liveness.InnerWatchdog;
import dev.stoker.worker.liveness.LastWords;
import dev.stoker.worker.liveness.LivenessSettings;
import dev.stoker.worker.model.EngineSurroundings;
import dev.stoker.worker.model.ModelsSettings;
import dev.stoker.worker.model.SwappingEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/** One worker process. */
public final class Worker {
  /** A successor has been appointed: nothing this process still has is worth storing. */
  private static final int EXIT_FENCED = 75;

  /** Something this process cannot mend; a new one may. */
  private static final int EXIT_BROKEN = 70;

  private static final int TRIES_IN_HASTE = 60;

  private static final int EXIT_MISCONFIGURED = 78;
  private static final Logger log = LoggerFactory.getLogger(Worker.class);

  record Configuration(
      ProcessLog log,
      ErrorReports reports,
      WorkerSettings worker,
      DatabaseSettings database,
      LeaseSettings leases,
      ExecuteSettings execute,
      ModelsSettings models,
      LivenessSettings liveness) {

    static Configuration from(Settings settings) {
      Configuration configuration =
          new Configuration(
              ProcessLog.from(settings),
              ErrorReports.from(settings),
              WorkerSettings.from(settings, HostName.read()),
              DatabaseSettings.from(settings),
              LeaseSettings.from(settings),
              ExecuteSettings.from(settings),
              ModelsSettings.from(settings),
              LivenessSettings.from(settings));
      settings.verify();
      return configuration;
    }

    /** The same, but that nobody outside is asked and nothing is started. */
    Configuration forRehearsal() {
      return new Configuration(
          log, reports, worker, database, leases, execute, models.forRehearsal(), liveness);
    }
  }

  private Worker() {}

  /**
   * @param arguments none; or {@code --rehearse} to go once through what every start does, as who
   *     nobody sees, for a JVM that is told to remember it
   */
  public static void main(String[] arguments) throws InterruptedException, IOException {
    start(List.of(arguments).contains("--rehearse"), Worker::engine);
  }

  /** Works with an engine of this choice until the process ends. */
  static void start(boolean rehearsal, Function<Configuration, SwappingEngine> engines)
      throws InterruptedException, IOException {
    Configuration configuration;
    try {
      configuration = Configuration.from(Settings.ofEnvironment());
    } catch (InvalidSettings e) {
      System.err.println(e.getMessage());
      System.exit(EXIT_MISCONFIGURED);
      return;
    }
    if (rehearsal) {
      rehearse(configuration, engines.apply(configuration.forRehearsal()));
    } else {
      run(configuration, engines);
    }
  }

  /** Asks the engine once, and the database for work that there cannot be. */
  private static void rehearse(Configuration configuration, SwappingEngine engine)
      throws InterruptedException, IOException {
    configuration.log().start("worker-rehearsal");
    Database database = Database.open(configuration.database(), "stoker rehearsal", 1);
    new WorkerHeartbeatTable(database.jdbc()).all();
    new ShardTable(database.jdbc()).claim("", Set.of(), 1, Duration.ofSeconds(1));
    Optional<EngineRequest> canary = engine.canary();
    boolean well =
        canary.isEmpty()
            || engine.complete(canary.get(), Duration.ofMinutes(1)) instanceof EngineReply.Answered;
    exit(well ? 0 : EXIT_BROKEN, "rehearsed");
  }

  private static void run(
      Configuration configuration, Function<Configuration, SwappingEngine> engines)
      throws InterruptedException, IOException {
    WorkerSettings settings = configuration.worker();
    Path runDirectory = configuration.database().dataDirectory().resolve("run");
    writeRunFile(runDirectory.resolve(settings.runName() + ".pid"));
    configuration.log().start(settings.runName());
    configuration.reports().start("worker", HostName.read(), System::nanoTime);
    configuration.reports().reportErrorLines();
    Thread.setDefaultUncaughtExceptionHandler(Worker::breakDown);
    // The model loads while the rest of the process starts.
    SwappingEngine models = engines.apply(configuration);
    WatchedEngine engine =
        new WatchedEngine(models, configuration.liveness().canaryAfter(), System::nanoTime);
    Optional<LocalBeat> beat = localBeat(configuration);
    AtomicLong registering = new AtomicLong();
    InnerWatchdog watchdog =
        new InnerWatchdog(
                configuration.liveness().timeout(),
                new InnerWatchdog.Watched(
                    Map.of("start", registering::get),
                    "start",
                    () -> beat.ifPresent(file -> file.beat(engine.steps(), 0, true))),
                System::nanoTime,
                why -> LastWords.halt(why, threadDump(configuration)))
            .start();
    Database database =
        Database.open(configuration.database(), "stoker worker " + settings.name(), 4);
    Database heartbeatDatabase =
        Database.dedicated(
            configuration.database(), "stoker heartbeat " + settings.name(), Duration.ofSeconds(5));
    WorkerId id = register(heartbeatDatabase, settings, registering);
    WorkerLoops loops =
        new WorkerLoops(
            id,
            database,
            heartbeatDatabase,
            models,
            configuration.models().waitMax(),
            settings.gpus(),
            engine,
            settings.heartbeatEvery(),
            configuration.leases(),
            configuration.execute(),
            System::nanoTime,
            inFlightFile(settings, id, engine),
            () -> exit(EXIT_FENCED, "superseded by a newer process of this slot"));
    EndSignals.first(
        () -> {
          loops.drain(settings.drainGrace());
          exit(0, "drained");
        });
    loops.start();
    watchdog.watch(loops.watched(beat));
    log.info("worker {} works with {}", id.holder(), List.copyOf(engine.models()));
    new CountDownLatch(1).await();
  }

  /** Without it the watchdog has only the database to judge by, which is no reason not to work. */
  private static Optional<LocalBeat> localBeat(Configuration configuration) {
    Optional<Path> file = configuration.liveness().beatFile();
    try {
      return file.isEmpty()
          ? Optional.empty()
          : Optional.of(
              LocalBeat.create(
                  file.get(),
                  configuration.worker().incarnation().orElse(0L),
                  ProcessHandle.current().pid()));
    } catch (IOException e) {
      log.warn("no sign of life can be shown in {}: {}", file.get(), e.toString());
      return Optional.empty();
    }
  }

  private static Path threadDump(Configuration configuration) {
    return configuration
        .log()
        .directory()
        .resolve(configuration.worker().runName() + ".threads.txt");
  }

  private static SwappingEngine engine(Configuration configuration) {
    return configuration
        .models()
        .open(
            new EngineSurroundings(
                configuration.database().dataDirectory(),
                () -> configuration.log().capture(configuration.worker().serverName()),
                configuration.liveness().canaryAfter(),
                System::nanoTime),
            reason -> exit(EXIT_BROKEN, "the engine is lost: " + reason));
  }

  /**
   * Takes the place reserved for this process; waits for the database, and for tables that it
   * knows, as long as the watchdog lets it: whoever comes next may be of another build.
   */
  private static WorkerId register(Database database, WorkerSettings settings, AtomicLong tries)
      throws InterruptedException {
    SchemaTable schemas = new SchemaTable(database.jdbc());
    WorkerHeartbeatTable table = new WorkerHeartbeatTable(database.jdbc());
    while (true) {
      tries.incrementAndGet();
      try {
        switch (schemas.schema()) {
          case Schema.Newer newer -> log.error("not started: {}", newer.reason());
          case Schema.Older older -> log.warn("waiting: {}", older.reason());
          case Schema.Known _ -> {
            return registered(table, settings);
          }
        }
      } catch (DataAccessException e) {
        log.warn("waiting for the database: {}", e.getMessage());
      }
      TimeUnit.SECONDS.sleep(tries.get() < TRIES_IN_HASTE ? 1 : 10);
    }
  }

  private static WorkerId registered(WorkerHeartbeatTable table, WorkerSettings settings) {
    WorkerId id =
        settings
            .incarnation()
            .map(incarnation -> new WorkerId(settings.name(), incarnation))
            .orElseGet(() -> table.reserve(settings.name(), HostName.read()));
    if (!table.register(id, ProcessIdentity.ofThisProcess())) {
      exit(EXIT_FENCED, "superseded before it began");
    }
    return id;
  }

  /** Without it the worker works as well, and whatever ends it is harder to find. */
  private static InFlightFile inFlightFile(WorkerSettings settings, WorkerId id, Engine engine) {
    if (settings.inFlightFile().isPresent()) {
      try {
        return InFlightFile.create(
            settings.inFlightFile().get(), id.incarnation(), engine.slotsMax());
      } catch (IOException e) {
        log.warn("which lines are in flight is not recorded", e);
      }
    }
    return InFlightFile.unread(engine.slotsMax());
  }

  /** Lets the scripts find this process, beyond doubt, also when its watchdog is gone. */
  private static void writeRunFile(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    ProcessIdentity self = ProcessIdentity.ofThisProcess();
    Files.writeString(file, self.pid() + " " + self.startTicks() + "\n");
  }

  /** Without its main thread there is no worker; of any other its error line tells. */
  private static void breakDown(Thread thread, Throwable cause) {
    log.error("thread {} ended", thread.getName(), cause);
    if (thread.getName().equals("main")) {
      exit(EXIT_BROKEN, "it cannot start");
    }
  }

  private static void exit(int status, String reason) {
    log.info("exit {}: {}", status, reason);
    ErrorReports.close();
    ProcessLog.close();
    Runtime.getRuntime().halt(status);
  }
}
