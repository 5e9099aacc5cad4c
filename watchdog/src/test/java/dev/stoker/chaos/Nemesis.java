package dev.stoker.chaos;

import dev.stoker.chaos.Plan.Strike;
import dev.stoker.endtoend.Installation;
import dev.stoker.engine.mock.MockFaults;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Carries out a plan. What it begins it also ends. */
final class Nemesis {
  private static final int CONNECTIONS_MAX = 200;
  private static final List<String> TABLES =
      List.of("batch", "shard", "result", "worker_heartbeat");
  private static final List<Duration> JUMPS =
      List.of(
          Duration.ofSeconds(20),
          Duration.ofSeconds(-20),
          Duration.ofMinutes(10),
          Duration.ofMinutes(-10),
          Duration.ofHours(2),
          Duration.ofHours(-2));

  /** How often something was done, and how often it could not be. */
  record Tally(int inflicted, int skipped) {
    static final Tally NONE = new Tally(0, 0);

    Tally plus(boolean done) {
      return done ? new Tally(inflicted + 1, skipped) : new Tally(inflicted, skipped + 1);
    }
  }

  private final Site site;
  private final Recoveries recoveries;
  private final AtomicInteger workerDeaths = new AtomicInteger();
  private final Map<Fault, Tally> tallies = new EnumMap<>(Fault.class);
  private final LinkedBlockingQueue<String> news = new LinkedBlockingQueue<>();

  Nemesis(Site site, Recoveries recoveries) {
    this.site = site;
    this.recoveries = recoveries;
  }

  /** How many workers may have died of it. */
  AtomicInteger workerDeaths() {
    return workerDeaths;
  }

  /** What was inflicted since the last call. */
  List<String> news() {
    List<String> all = new ArrayList<>();
    news.drainTo(all);
    return all;
  }

  synchronized Map<Fault, Tally> tallies() {
    return new EnumMap<>(tallies);
  }

  /** Returns when all is over, and lifts whatever is left. */
  void carryOut(Plan plan, Duration length) {
    long begun = System.nanoTime();
    try (ExecutorService hands = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Strike strike : plan.strikes()) {
        pause(strike.at().minusNanos(System.nanoTime() - begun));
        Duration left = length.minusNanos(System.nanoTime() - begun);
        Duration lasts = strike.length().compareTo(left) < 0 ? strike.length() : left;
        hands.execute(() -> inflict(strike, lasts));
      }
      pause(length.minusNanos(System.nanoTime() - begun));
    } finally {
      lift();
    }
  }

  private void inflict(Strike strike, Duration lasts) {
    boolean done;
    try {
      done = strike(strike, lasts);
    } catch (IOException | SQLException | RuntimeException e) {
      news.add(strike.fault().words() + " failed: " + e);
      done = false;
    }
    synchronized (this) {
      tallies.put(strike.fault(), tallies.getOrDefault(strike.fault(), Tally.NONE).plus(done));
    }
  }

  private void tell(Strike strike, Duration lasts) {
    news.add(
        strike.fault().words() + (lasts.isZero() ? "" : " " + lasts.toMillis() / 1000.0 + " s"));
  }

  /** Says whether it could be done. */
  private boolean strike(Strike strike, Duration lasts) throws IOException, SQLException {
    MockFaults engine = site.engine().faults();
    Proxy way = site.databaseProxy();
    if (!isWorthIt(strike)) {
      return false;
    }
    tell(strike, lasts);
    switch (strike.fault()) {
      case WORKER_KILLED -> {
        return signalWorker(strike.aim(), "KILL");
      }
      case ALL_WORKERS_KILLED -> {
        return killWorkers();
      }
      case WORKER_FROZEN -> {
        return freezeWorker(strike.aim(), lasts);
      }
      case WORKER_DRAINED -> {
        return signalWorker(strike.aim(), "TERM");
      }
      case API_KILLED -> {
        return signal("api_server", "KILL");
      }
      case API_FROZEN -> {
        return freeze("api_server", lasts);
      }
      case API_RESTARTED -> {
        return signal("api_server", "TERM");
      }
      case WATCHDOG_KILLED -> {
        return signal("watchdog", "KILL");
      }
      case WATCHDOG_FROZEN -> {
        return freeze("watchdog", lasts);
      }
      case WATCHDOG_RESTARTED -> {
        return signal("watchdog", "TERM");
      }
      case ALL_RESTARTED_IN_TURN -> restartInTurn();
      case ALL_KILLED -> killAll();
      case DATABASE_KILLED -> site.database().signal("KILL");
      case DATABASE_RESTARTED -> site.database().signal("INT");
      case DATABASE_SESSION_KILLED -> site.database().killSession(strike.aim());
      case DATABASE_AWAY -> takeDatabaseAway(lasts);
      case DATABASE_SLOW -> {
        way.delay(Duration.ofMillis(10 + strike.aim() % 100));
        pause(lasts);
        way.delay(Duration.ZERO);
      }
      case DATABASE_LOCKED -> lock(TABLES.get(strike.aim() % TABLES.size()), lasts);
      case DATABASE_SILENT -> {
        way.silent(true);
        pause(lasts);
        way.silent(false);
      }
      case DATABASE_FULL -> {
        return fill(site.databaseVolume(), lasts);
      }
      case CONNECTIONS_CUT -> way.cut();
      case CONNECTIONS_FRAIL -> {
        way.frail(true);
        pause(lasts);
        way.frail(false);
      }
      case COMMITS_UNANSWERED -> {
        way.swallowReplies(true);
        pause(lasts);
        way.cut();
        way.swallowReplies(false);
      }
      case CONNECTIONS_USED_UP -> useUpConnections(lasts);
      case ENGINE_CRASHED -> engine.awayFor(lasts);
      case ENGINE_HANGING -> {
        engine.hang(true);
        pause(lasts);
        engine.hang(false);
      }
      case ENGINE_BUSY -> engine.busyFor(lasts);
      case ENGINE_UNAVAILABLE -> engine.unavailableFor(lasts);
      case ENGINE_SLOW -> {
        engine.slowBy(2 + strike.aim() % 50);
        pause(lasts);
        engine.slowBy(1);
      }
      case ENGINE_FAILING -> {
        engine.failEvery(2 + strike.aim() % 5);
        pause(lasts);
        engine.failEvery(0);
      }
      case ENGINE_RESETTING -> {
        engine.resetEvery(2 + strike.aim() % 9);
        pause(lasts);
        engine.resetEvery(0);
      }
      case ENGINE_TRUNCATING -> {
        engine.truncateEvery(2 + strike.aim() % 9);
        pause(lasts);
        engine.truncateEvery(0);
      }
      case ENGINE_TALKING_GARBAGE -> {
        engine.garbleEvery(2 + strike.aim() % 5);
        pause(lasts);
        engine.garbleEvery(0);
      }
      case CLIENTS_CUT -> site.apiProxy().cut();
      case LOGS_FULL -> {
        return fill(site.logVolume(), lasts);
      }
      case CLOCK_JUMPED -> {
        return jump(JUMPS.get(strike.aim() % JUMPS.size()), lasts);
      }
    }
    return true;
  }

  /** What is still starting is hit now and then only: it would never get up on a slow machine. */
  private boolean isWorthIt(Strike strike) {
    return switch (strike.fault()) {
      case API_KILLED, API_FROZEN, API_RESTARTED, ALL_RESTARTED_IN_TURN, ALL_KILLED ->
          strike.aim() % 10 == 0 || site.answers();
      default -> true;
    };
  }

  private boolean signal(String component, String signal) {
    return site.installation()
        .process(component)
        .map(
            process -> {
              Shell.signal(process.pid(), signal);
              return true;
            })
        .orElse(false);
  }

  private boolean freeze(String component, Duration lasts) {
    return site.installation()
        .process(component)
        .map(
            process -> {
              freeze(process, lasts);
              return true;
            })
        .orElse(false);
  }

  private static void freeze(ProcessHandle process, Duration lasts) {
    Shell.signal(process.pid(), "STOP");
    pause(lasts);
    Shell.signal(process.pid(), "CONT");
  }

  private boolean signalWorker(int aim, String signal) {
    List<ProcessHandle> workers = site.installation().workers();
    if (workers.isEmpty()) {
      return false;
    }
    workerDeaths.incrementAndGet();
    Shell.signal(workers.get(aim % workers.size()).pid(), signal);
    return true;
  }

  private boolean killWorkers() {
    List<ProcessHandle> workers = site.installation().workers();
    workers.forEach(worker -> Shell.signal(worker.pid(), "KILL"));
    workerDeaths.addAndGet(workers.size());
    if (!workers.isEmpty()) {
      recoveries.workersKilled();
    }
    return !workers.isEmpty();
  }

  private boolean freezeWorker(int aim, Duration lasts) {
    List<ProcessHandle> workers = site.installation().workers();
    if (workers.isEmpty()) {
      return false;
    }
    workerDeaths.incrementAndGet();
    freeze(workers.get(aim % workers.size()), lasts);
    return true;
  }

  private void restartInTurn() {
    Installation installation = site.installation();
    signal("api_server", "TERM");
    pause(Duration.ofSeconds(2));
    for (ProcessHandle worker : installation.workers()) {
      Shell.signal(worker.pid(), "TERM");
      pause(Duration.ofSeconds(1));
    }
    signal("watchdog", "TERM");
    pause(Duration.ofSeconds(1));
    site.database().signal("INT");
  }

  private void killAll() {
    signal("watchdog", "KILL");
    signal("api_server", "KILL");
    killWorkers();
    site.database().signal("KILL");
  }

  private void takeDatabaseAway(Duration lasts) throws IOException {
    site.keeper().holdDatabase(true);
    site.databaseProxy().away();
    site.database().signal("INT");
    pause(lasts);
    site.keeper().holdDatabase(false);
    site.databaseProxy().back();
  }

  private void lock(String table, Duration lasts) throws SQLException {
    try (Connection connection = site.database().connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE");
      pause(lasts);
      connection.rollback();
    }
  }

  private void useUpConnections(Duration lasts) {
    List<Connection> held = new ArrayList<>();
    long begun = System.nanoTime();
    while (System.nanoTime() - begun < lasts.toNanos()) {
      try {
        while (held.size() < CONNECTIONS_MAX) {
          held.add(site.database().connect());
        }
      } catch (SQLException e) {
        // There are no more; those that end meanwhile are taken too.
      }
      pause(Duration.ofMillis(50));
    }
    held.forEach(Nemesis::end);
  }

  private static void end(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      // The server has gone meanwhile.
    }
  }

  private static boolean fill(Volume volume, Duration lasts) throws IOException {
    if (!volume.canBeFull()) {
      return false;
    }
    volume.fill();
    pause(lasts);
    volume.relieve();
    return true;
  }

  private boolean jump(Duration ahead, Duration lasts) throws IOException {
    if (!site.clock().isSettable()) {
      return false;
    }
    news.add("(by " + ahead + ")");
    site.clock().set(ahead);
    pause(lasts);
    site.clock().set(Duration.ZERO);
    return true;
  }

  /** All is well from now on. */
  private void lift() {
    try {
      site.databaseProxy().back();
      site.databaseVolume().relieve();
      site.logVolume().relieve();
      site.clock().set(Duration.ZERO);
    } catch (IOException e) {
      news.add("cannot be lifted: " + e);
    }
    site.keeper().holdDatabase(false);
    site.engine().faults().lift();
  }

  private static void pause(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() - end < 0) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
  }
}
