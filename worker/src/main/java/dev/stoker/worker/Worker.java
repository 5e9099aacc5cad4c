package dev.stoker.worker;

import dev.stoker.database.Database;
import dev.stoker.database.DatabaseSettings;
import dev.stoker.health.HostName;
import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerId;
import dev.stoker.logging.ErrorReports;
import dev.stoker.logging.ProcessLog;
import dev.stoker.queue.InFlightFile;
import dev.stoker.service.EndSignals;
import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.NullEngine;
import dev.stoker.worker.engine.onnx.OnnxEngine;
import dev.stoker.worker.engine.onnx.OnnxSettings;
import dev.stoker.worker.execute.ExecuteSettings;
import dev.stoker.worker.lease.LeaseSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.util.FileSystemUtils;

/** One worker process. */
public final class Worker {
  /** A successor has been appointed: nothing this process still has is worth storing. */
  private static final int EXIT_FENCED = 75;

  /** Something this process cannot mend; a new one may. */
  private static final int EXIT_BROKEN = 70;

  private static final int EXIT_MISCONFIGURED = 78;
  private static final Logger log = LoggerFactory.getLogger(Worker.class);

  record Configuration(
      ProcessLog log,
      ErrorReports reports,
      WorkerSettings worker,
      DatabaseSettings database,
      LeaseSettings leases,
      ExecuteSettings execute,
      OnnxSettings onnx) {

    static Configuration from(Settings settings) {
      Configuration configuration =
          new Configuration(
              ProcessLog.from(settings),
              ErrorReports.from(settings),
              WorkerSettings.from(settings, HostName.read()),
              DatabaseSettings.from(settings),
              LeaseSettings.from(settings),
              ExecuteSettings.from(settings),
              OnnxSettings.from(settings));
      settings.verify();
      return configuration;
    }
  }

  private Worker() {}

  public static void main(String[] arguments) throws InterruptedException, IOException {
    start(Worker::engine);
  }

  /** Works with an engine of this choice until the process ends. */
  static void start(Function<Configuration, Engine> engines)
      throws InterruptedException, IOException {
    Configuration configuration;
    try {
      configuration = Configuration.from(Settings.ofEnvironment());
    } catch (InvalidSettings e) {
      System.err.println(e.getMessage());
      System.exit(EXIT_MISCONFIGURED);
      return;
    }
    run(configuration, engines);
  }

  private static void run(Configuration configuration, Function<Configuration, Engine> engines)
      throws InterruptedException, IOException {
    WorkerSettings settings = configuration.worker();
    configuration.log().start(settings.runName());
    configuration.reports().start("worker", HostName.read(), System::nanoTime);
    configuration.reports().reportErrorLines();
    Thread.setDefaultUncaughtExceptionHandler(Worker::breakDown);
    Path runDirectory = configuration.database().dataDirectory().resolve("run");
    writeRunFile(runDirectory.resolve(settings.runName() + ".pid"));
    useTemporaryDirectory(runDirectory.resolve(settings.runName() + "-tmp"));
    // The model loads while the rest of the process starts.
    Engine engine = engines.apply(configuration);
    Database database =
        Database.open(configuration.database(), "stoker worker " + settings.name(), 4);
    Database heartbeatDatabase =
        Database.dedicated(
            configuration.database(), "stoker heartbeat " + settings.name(), Duration.ofSeconds(5));
    WorkerId id = register(new WorkerHeartbeatTable(heartbeatDatabase.jdbc()), settings);
    WorkerLoops loops =
        new WorkerLoops(
            id,
            database,
            heartbeatDatabase,
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
    log.info("worker {} works with {}", id.holder(), List.copyOf(engine.models()));
    new CountDownLatch(1).await();
  }

  private static Engine engine(Configuration configuration) {
    return configuration.worker().engine().equals("null")
        ? new NullEngine()
        : new OnnxEngine(
            configuration.onnx(),
            System::nanoTime,
            () -> exit(EXIT_BROKEN, "the engine cannot start"));
  }

  /**
   * Takes the place reserved for this process; waits for the database as long as the watchdog lets
   * it.
   */
  private static WorkerId register(WorkerHeartbeatTable table, WorkerSettings settings)
      throws InterruptedException {
    while (true) {
      try {
        WorkerId id =
            settings
                .incarnation()
                .map(incarnation -> new WorkerId(settings.name(), incarnation))
                .orElseGet(() -> table.reserve(settings.name(), HostName.read()));
        if (!table.register(id, ProcessIdentity.ofThisProcess())) {
          exit(EXIT_FENCED, "superseded before it began");
        }
        return id;
      } catch (DataAccessException e) {
        log.warn("waiting for the database: {}", e.getMessage());
        TimeUnit.SECONDS.sleep(1);
      }
    }
  }

  /** Without it the worker works as well, and whatever ends it is harder to find. */
  private static InFlightFile inFlightFile(WorkerSettings settings, WorkerId id, Engine engine) {
    if (settings.inFlightFile().isPresent()) {
      try {
        return InFlightFile.create(settings.inFlightFile().get(), id.incarnation(), engine.slots());
      } catch (IOException e) {
        log.warn("which lines are in flight is not recorded", e);
      }
    }
    return InFlightFile.unread(engine.slots());
  }

  /** Lets the scripts find this process, beyond doubt, also when its watchdog is gone. */
  private static void writeRunFile(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    ProcessIdentity self = ProcessIdentity.ofThisProcess();
    Files.writeString(file, self.pid() + " " + self.startTicks() + "\n");
  }

  /**
   * Native libraries are unpacked into the temporary directory, and a killed process leaves them
   * there, 28 MB each time. So each slot has one of its own, emptied at every start.
   */
  private static void useTemporaryDirectory(Path directory) throws IOException {
    FileSystemUtils.deleteRecursively(directory);
    Files.createDirectories(directory);
    System.setProperty("java.io.tmpdir", directory.toString());
    // Where the tokenizer unpacks; its default is the home directory, which a service may not have.
    System.setProperty("DJL_CACHE_DIR", directory.toString());
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
