package dev.stoker.worker;

import dev.stoker.database.Database;
import dev.stoker.database.DatabaseSettings;
import dev.stoker.health.GpuPin;
import dev.stoker.health.LocalBeat;
import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerId;
import dev.stoker.queue.InFlightFile;
import dev.stoker.settings.Settings;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.engine.WatchedEngine;
import dev.stoker.worker.execute.ExecuteSettings;
import dev.stoker.worker.lease.LeaseSettings;
import dev.stoker.worker.liveness.InnerWatchdog;
import dev.stoker.worker.liveness.LastWords;
import dev.stoker.worker.model.SwappingEngine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/**
 * A process with real loops, one of which hangs once the file {@code hang} is there: its engine
 * never answers that thread again.
 */
final class HangingWorker {
  private HangingWorker() {}

  /** Waits for ever on the loop of a name. */
  private static final class Trap extends ScriptedEngine {
    private final String loop;
    private final Path hang;

    Trap(String loop, Path hang) {
      this.loop = loop;
      this.hang = hang;
    }

    @Override
    public EngineState probe() {
      if (Thread.currentThread().getName().equals(loop) && hang.toFile().exists()) {
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      return super.probe();
    }
  }

  /**
   * @param arguments the loop that hangs, a directory, the seconds that it may stand still
   */
  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[1]);
    Settings settings = Settings.ofEnvironment();
    DatabaseSettings where = DatabaseSettings.from(settings);
    Database database = Database.open(where, "hanging", 4);
    Database beats = Database.dedicated(where, "hanging heartbeat", Duration.ofSeconds(5));
    WorkerHeartbeatTable table = new WorkerHeartbeatTable(beats.jdbc());
    WorkerId id = table.reserve("hanging", "host");
    table.register(id, ProcessIdentity.ofThisProcess());
    SwappingEngine models =
        SwappingEngine.of(new Trap(arguments[0], directory.resolve("hang")), System::nanoTime);
    WorkerLoops loops =
        new WorkerLoops(
            id,
            database,
            beats,
            models,
            Duration.ofMinutes(1),
            GpuPin.of(""),
            new WatchedEngine(models, Duration.ofSeconds(1), System::nanoTime),
            Duration.ofMillis(200),
            LeaseSettings.from(settings),
            ExecuteSettings.from(settings),
            System::nanoTime,
            InFlightFile.unread(1),
            () -> {});
    LocalBeat beat =
        LocalBeat.create(
            directory.resolve("beat"), id.incarnation(), ProcessHandle.current().pid());
    // A shutdown that hangs as well must not hold it.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> List.of(1).forEach(_ -> forEver())));
    loops.start();
    new InnerWatchdog(
            Duration.ofSeconds(Long.parseLong(arguments[2])),
            loops.watched(Optional.of(beat)),
            System::nanoTime,
            why -> LastWords.halt(why, directory.resolve("worker.threads.txt")))
        .start();
    forEver();
  }

  private static void forEver() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
