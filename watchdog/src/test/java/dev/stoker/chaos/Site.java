package dev.stoker.chaos;

import dev.stoker.endtoend.Installation;
import dev.stoker.engine.mock.MockEngine;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All that takes part, on ports and directories of its own. */
final class Site {
  private static final Logger log = LoggerFactory.getLogger(Site.class);
  private static final Duration DATABASE_START = Duration.ofSeconds(30);
  private static final long LOOK_EVERY = TimeUnit.MILLISECONDS.toNanos(50);

  /** Small times, so that minutes see what would otherwise take hours. */
  private static final Map<String, String> SETTINGS =
      Map.ofEntries(
          Map.entry("STOKER_WORKERS", "2"),
          Map.entry("STOKER_ENGINE", "openai"),
          Map.entry("STOKER_HEARTBEAT_STALE_AFTER", "8s"),
          Map.entry("STOKER_HEARTBEAT_EVERY", "1s"),
          Map.entry("STOKER_LEASE_TTL", "4s"),
          Map.entry("STOKER_LEASE_RENEW_EVERY", "1s"),
          Map.entry("STOKER_CANARY_AFTER", "5s"),
          Map.entry("STOKER_STUCK_AFTER", "15s"),
          Map.entry("STOKER_RETRY_DELAY_MAX", "5s"),
          Map.entry("STOKER_BACKOFF_MAX", "2s"),
          Map.entry("STOKER_KILL_GRACE", "2s"),
          Map.entry("STOKER_DRAIN_GRACE", "5s"),
          Map.entry("STOKER_STOP_GRACE", "8s"),
          Map.entry("STOKER_RESPAWNS_PER_HOUR", "1000"));

  private static final String[] ENGINE = {
    "--slots", "48", "--first-token", "15ms", "--per-token", "1ms", "--jitter", "30"
  };

  private interface Ending {
    void end(boolean keepData) throws IOException;
  }

  private final Deque<Ending> endings = new ArrayDeque<>();
  private final Volume databaseVolume;
  private final Volume logVolume;
  private final WallClock clock;
  private final PostgresServer database;
  private final Proxy databaseProxy;
  private final MockEngine engine;
  private final Installation installation;
  private final Proxy apiProxy;
  private final Keeper keeper;

  Site(Path directory) throws IOException {
    try {
      databaseVolume = Volume.of(directory.resolve("database"), "20G");
      endings.push(databaseVolume::close);
      logVolume = Volume.of(directory.resolve("logs"), "400M");
      endings.push(logVolume::close);
      clock = new WallClock(directory);
      database = database(clock);
      endings.push(_ -> database.end());
      database.start();
      awaitDatabase();
      databaseProxy = new Proxy(Installation.freePort(), database.settings().port());
      endings.push(_ -> databaseProxy.close());
      engine = MockEngine.start(ENGINE);
      endings.push(_ -> engine.close());
      installation = Installation.start(directory.resolve("installation"), settings());
      endings.push(_ -> installation.close());
      apiProxy = new Proxy(Installation.freePort(), installation.root().getPort());
      endings.push(_ -> apiProxy.close());
      keeper = new Keeper(installation, database);
      endings.push(_ -> keeper.close());
    } catch (IOException | RuntimeException | Error e) {
      close(true);
      throw e;
    }
  }

  private PostgresServer database(WallClock clock) throws IOException {
    return PostgresServer.create(
        databaseVolume.directory().resolve("server"),
        logVolume.directory(),
        Installation.freePort(),
        clock.environment());
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new HashMap<>(SETTINGS);
    settings.put("STOKER_LOG_DIR", logVolume.directory().toString());
    settings.put(
        "STOKER_DATABASE_URL", "postgresql://127.0.0.1:" + databaseProxy.port() + "/stoker");
    settings.put("STOKER_DATABASE_USER", database.settings().user());
    settings.put("STOKER_DATABASE_PASSWORD", database.settings().password());
    settings.put("STOKER_ENGINE_URL", engine.uri().toString());
    settings.putAll(clock.environment());
    return settings;
  }

  private void awaitDatabase() {
    long begun = System.nanoTime();
    while (System.nanoTime() - begun < DATABASE_START.toNanos()) {
      try (Connection connection = database.connect()) {
        if (connection.isValid(1)) {
          return;
        }
      } catch (SQLException e) {
        LockSupport.parkNanos(LOOK_EVERY);
      }
    }
    throw new IllegalStateException("PostgreSQL does not answer");
  }

  /** Whether the api-server can be talked to. */
  boolean answers() {
    try {
      return new Api(installation.root()).batches("").ok();
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  Volume databaseVolume() {
    return databaseVolume;
  }

  Volume logVolume() {
    return logVolume;
  }

  WallClock clock() {
    return clock;
  }

  PostgresServer database() {
    return database;
  }

  Proxy databaseProxy() {
    return databaseProxy;
  }

  MockEngine engine() {
    return engine;
  }

  Installation installation() {
    return installation;
  }

  Proxy apiProxy() {
    return apiProxy;
  }

  Keeper keeper() {
    return keeper;
  }

  /**
   * Ends all that runs, what began last first. A second call changes nothing.
   *
   * @param keepData whether data and logs are still wanted
   */
  synchronized void close(boolean keepData) {
    while (!endings.isEmpty()) {
      try {
        endings.pop().end(keepData);
      } catch (IOException | RuntimeException e) {
        log.error("something cannot be ended", e);
      }
    }
  }
}
