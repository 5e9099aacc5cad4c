package dev.stoker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.database.Database;
import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerId;
import dev.stoker.queue.InFlightFile;
import dev.stoker.settings.Settings;
import dev.stoker.testing.TestDatabase;
import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.WatchedEngine;
import dev.stoker.worker.execute.ExecuteSettings;
import dev.stoker.worker.lease.LeaseSettings;
import java.time.Duration;
import java.util.Map;

/** The loops of one worker within the test's process, in more of a hurry than real ones. */
record RunningWorker(WorkerId id, WorkerLoops loops, Database beats) {

  static RunningWorker start(
      TestDatabase database,
      String name,
      Engine engine,
      Duration heartbeatEvery,
      Runnable whenFenced) {
    Settings settings =
        new Settings(
            Map.of(
                "STOKER_LEASE_TTL", "3s",
                "STOKER_LEASE_RENEW_EVERY", "300ms",
                "STOKER_IDLE_POLL", "20ms",
                "STOKER_TRIES_MAX", "3",
                "STOKER_RETRY_DELAY", "1ms"));
    Database beats =
        Database.dedicated(database.settings(), "test heartbeat", Duration.ofSeconds(5));
    WorkerHeartbeatTable table = new WorkerHeartbeatTable(beats.jdbc());
    WorkerId id = table.reserve(name, "host");
    assertThat(table.register(id, ProcessIdentity.ofThisProcess())).isTrue();
    WorkerLoops loops =
        new WorkerLoops(
            id,
            database.database(),
            beats,
            new WatchedEngine(engine, Duration.ofMillis(200), System::nanoTime),
            heartbeatEvery,
            LeaseSettings.from(settings),
            ExecuteSettings.from(settings),
            System::nanoTime,
            InFlightFile.unread(engine.slotsMax()),
            whenFenced);
    settings.verify();
    loops.start();
    return new RunningWorker(id, loops, beats);
  }

  void end() {
    loops.drain(Duration.ZERO);
    beats.close();
  }
}
