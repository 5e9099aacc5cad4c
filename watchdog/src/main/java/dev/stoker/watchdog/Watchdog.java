package dev.stoker.watchdog;

import dev.stoker.database.Database;
import dev.stoker.database.Schema;
import dev.stoker.database.SchemaTable;
import dev.stoker.health.SlotView;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerSlotTable;
import dev.stoker.logging.ErrorReports;
import dev.stoker.logging.ProcessLog;
import dev.stoker.service.EndSignals;
import dev.stoker.service.ServiceNotice;
import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import dev.stoker.watchdog.alert.Alert;
import dev.stoker.watchdog.alert.Alerts;
import dev.stoker.watchdog.evidence.EvidenceThread;
import dev.stoker.watchdog.evidence.Incidents;
import dev.stoker.watchdog.gpu.GpuWatch;
import dev.stoker.watchdog.observe.DatabaseThread;
import dev.stoker.watchdog.process.Launcher;
import dev.stoker.watchdog.process.ProcessTable;
import dev.stoker.watchdog.slot.Supervisor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks after the workers of this host until it is told to stop. */
public final class Watchdog {

  private static final int ANOTHER_RUNS = 73;
  private static final int MISCONFIGURED = 78;

  /** Whoever started this process starts it again; it then adopts the workers. */
  private static final int BROKEN = 70;

  /**
   * Ended so that a successor goes on with the workers. No plain success: after that the service
   * manager makes sure that no worker is left.
   */
  private static final int HANDED_OVER = 76;

  private static final Duration SOCKET_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration STOP_MARGIN = Duration.ofSeconds(10);

  private Watchdog() {}

  /**
   * @param arguments none; or {@code --rehearse} to go once through what every start does and look
   *     after nobody, for a JVM that is told to remember it
   */
  @SuppressWarnings("SystemOut") // there is no log yet, or no longer
  public static void main(String[] arguments) throws IOException, InterruptedException {
    WatchdogSettings settings;
    try {
      settings = WatchdogSettings.from(Settings.ofEnvironment());
    } catch (InvalidSettings e) {
      System.err.println(e.getMessage());
      System.exit(MISCONFIGURED);
      return;
    }
    if (List.of(arguments).contains("--rehearse")) {
      rehearse(settings);
      return;
    }
    Path data = settings.database().dataDirectory();
    Optional<InstanceLock> lock = InstanceLock.take(data);
    if (lock.isEmpty()) {
      System.err.println("Another watchdog looks after " + data + ": " + InstanceLock.holder(data));
      System.exit(ANOTHER_RUNS);
      return;
    }
    run(settings, System::nanoTime);
    new CountDownLatch(1).await(); // until a signal ends the process
  }

  private static void rehearse(WatchdogSettings settings) throws IOException {
    settings.log().start("watchdog-rehearsal");
    try (Database database =
        Database.dedicated(settings.database(), "stoker rehearsal", SOCKET_TIMEOUT)) {
      new WorkerHeartbeatTable(database.jdbc()).all();
      List<SlotView> slots = new WorkerSlotTable(database.jdbc()).all();
      LoggerFactory.getLogger(Watchdog.class).info("Rehearsed; there are {} slots", slots.size());
    }
    ProcessLog.close();
  }

  private static void run(WatchdogSettings settings, LongSupplier ticker) throws IOException {
    settings.log().start("watchdog");
    Logger log = LoggerFactory.getLogger(Watchdog.class);
    String host = settings.host();
    Alerts alerts = new Alerts(settings.alerts(), host, ticker);
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> breakDown(log, alerts, thread, e));
    ServiceNotice notice = ServiceNotice.ofThisProcess(ticker);
    Supervision supervision =
        new Supervision(settings, ticker, outside(settings, log, alerts, notice));
    DatabaseThread database = new DatabaseThread(() -> opened(settings, log), supervision);
    log.info(
        "Watchdog {} of {} started, pid {}; {} workers: {}",
        ErrorReports.release(),
        host,
        ProcessHandle.current().pid(),
        settings.workers(),
        String.join(" ", settings.command().words()));
    GpuWatch gpus = new GpuWatch(settings.gpu());
    List<SlotGpu> ofSlots =
        IntStream.range(0, settings.workers())
            .mapToObj(slot -> new SlotGpu(gpus, settings.resources().pinOf(slot), supervision))
            .toList();
    supervision.start(database, keepers(settings, ofSlots, alerts, supervision, database, ticker));
    gpus.watch(
        settings.gpuLook(),
        ticker,
        new HostGpus(host, ofSlots, database, supervision, ticker, alerts));
    EndSignals.first(
        () -> {
          notice.stopping();
          notice.extendStart(settings.slots().drainGrace().plus(STOP_MARGIN.multipliedBy(2)));
          stop(settings, log, supervision, database, alerts);
        },
        () -> handOver(log));
  }

  /** Fails until there is a database whose tables this build knows. Its workers live on. */
  private static Database opened(WatchdogSettings settings, Logger log) {
    Database database = Database.dedicated(settings.database(), "stoker-watchdog", SOCKET_TIMEOUT);
    try {
      switch (new SchemaTable(database.jdbc()).schema()) {
        case Schema.Known _ -> {
          return database;
        }
        case Schema.Older older -> {
          log.warn("Blind: {}", older.reason());
          throw new IllegalStateException(older.reason());
        }
        case Schema.Newer newer -> {
          log.error("Blind: {}", newer.reason());
          throw new IllegalStateException(newer.reason());
        }
      }
    } catch (RuntimeException e) {
      database.close();
      throw e;
    }
  }

  private static Outside outside(
      WatchdogSettings settings, Logger log, Alerts alerts, ServiceNotice notice) {
    return new Outside() {
      @Override
      public void yieldTo(Rival rival) {
        Watchdog.yieldTo(log, rival);
      }

      @Override
      public void ready() {
        log.info("Watchdog is ready");
        notice.ready("looks after %d workers of %s".formatted(settings.workers(), settings.host()));
      }

      @Override
      public void changed(String story) {
        notice.status(story);
      }

      @Override
      public void ticked(boolean well) {
        notice.alive();
        alerts.checkIn(well);
      }

      @Override
      public void stoodStill(Duration length) {
        alerts.send(
            new Alert.NodeUnhealthy(
                "the watchdog stood still for %d s; so probably did the host"
                    .formatted(length.toSeconds())));
      }

      @Override
      public void blind(Duration length) {
        alerts.send(new Alert.Blind(length));
      }

      @Override
      public void failed(Throwable cause) {
        alerts.send(new Alert.Failed(cause));
      }
    };
  }

  private static List<SlotKeeper> keepers(
      WatchdogSettings settings,
      List<SlotGpu> gpus,
      Alerts alerts,
      Supervision supervision,
      DatabaseThread database,
      LongSupplier ticker) {
    String host = settings.host();
    Launcher launcher =
        new Launcher(
            settings.command(),
            settings.resources(),
            new Launcher.Places(settings.database().dataDirectory(), settings.log().directory()),
            ticker);
    Logger log = LoggerFactory.getLogger(Watchdog.class);
    log.info("In this installation {}", launcher.holding());
    launcher.unheeded().forEach(log::warn);
    SlotKeeper.Host shared =
        new SlotKeeper.Host(
            host,
            new Supervisor(settings.slots(), ProcessTable.bootId(), settings.byHand()),
            launcher,
            database,
            ticker,
            RandomGenerator.getDefault(),
            supervision,
            new EvidenceThread(
                new Incidents(settings.database().dataDirectory(), InstantSource.system()), ticker),
            reason ->
                breakDown(log, alerts, Thread.currentThread(), new IllegalStateException(reason)));
    return IntStream.range(0, settings.workers())
        .mapToObj(
            number ->
                new SlotKeeper(
                    number,
                    shared,
                    gpus.get(number),
                    new Journal(SlotKeeper.nameOf(host, number), alerts)))
        .toList();
  }

  /** A stop that was asked for is no failure, though the JDK would exit 143. */
  private static void stop(
      WatchdogSettings settings,
      Logger log,
      Supervision supervision,
      DatabaseThread database,
      Alerts alerts) {
    log.info(
        "Watchdog stops; its workers drain for up to {} s",
        settings.slots().drainGrace().toSeconds());
    boolean settled = supervision.stop(settings.slots().drainGrace().plus(STOP_MARGIN));
    database.close();
    alerts.close();
    log.info("Watchdog stopped{}", settled ? "" : "; not everything could be stopped");
    ProcessLog.close();
    Runtime.getRuntime().halt(0);
  }

  /** Ends at once: the workers go on, and the next watchdog adopts them. */
  private static void handOver(Logger log) {
    log.info("Watchdog ends and leaves its workers to the next one");
    ProcessLog.close();
    Runtime.getRuntime().halt(HANDED_OVER);
  }

  /** Stops no worker: they are the other's. */
  private static void yieldTo(Logger log, Rival rival) {
    log.error(
        "Process {}, the watchdog of another installation on this host, looks after {} in the same database;"
            + " this one ends. Give each installation a STOKER_HOST_NAME of its own, or a database",
        rival.pid(),
        rival.worker());
    ProcessLog.close();
    Runtime.getRuntime().halt(ANOTHER_RUNS);
  }

  /** Without one of its threads a watchdog would only seem to watch. */
  private static void breakDown(Logger log, Alerts alerts, Thread thread, Throwable cause) {
    try {
      log.error("Thread {} ended; this watchdog ends with it", thread.getName(), cause);
      alerts.send(new Alert.Failed(cause));
      alerts.close();
      ProcessLog.close();
    } finally {
      Runtime.getRuntime().halt(BROKEN);
    }
  }
}
