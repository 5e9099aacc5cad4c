package dev.stoker.watchdog;

import dev.stoker.database.Database;
import dev.stoker.database.DatabaseSettings;
import dev.stoker.health.Beat;
import dev.stoker.health.LocalBeat;
import dev.stoker.health.ModelSwaps;
import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerId;
import dev.stoker.health.WorkerStatus;
import dev.stoker.settings.Settings;
import dev.stoker.watchdog.process.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/**
 * A worker that only registers and beats. Files in its directory make it behave badly:
 *
 * <ul>
 *   <li>{@code ignore-term}: SIGTERM is not heeded
 *   <li>{@code mute}: it lives and does not beat
 *   <li>{@code in-flight}: it has work, and finishes none of it
 *   <li>{@code cut-off}: it lives, and does not reach the database
 *   <li>{@code loading}: it is not ready yet; its engine comes further
 *   <li>{@code exit}: it ends with the code within, as soon as it is ready
 *   <li>{@code child}: it starts a process in a session of its own and notes its pid there
 * </ul>
 */
public final class StubWorker {

  private static final long BEAT_EVERY = TimeUnit.MILLISECONDS.toNanos(100);

  private static volatile boolean draining;
  private static final AtomicLong STEPS = new AtomicLong();

  private StubWorker() {}

  /**
   * @param arguments the directory
   */
  public static void main(String[] arguments) throws IOException {
    Path directory = Path.of(arguments[0]);
    Settings settings = Settings.ofEnvironment();
    WorkerId id =
        new WorkerId(
            settings.text("STOKER_WORKER_NAME", "", "its slot"),
            settings.number("STOKER_WORKER_INCARNATION", 0, 0, Long.MAX_VALUE, "its ordinal"));
    Database database =
        Database.dedicated(DatabaseSettings.from(settings), "stub", Duration.ofSeconds(2));
    WorkerHeartbeatTable heartbeats = new WorkerHeartbeatTable(database.jdbc());
    if (!heartbeats.register(id, self())) {
      System.exit(ExitStatus.FENCED);
    }
    System.out.println("stub " + id.holder() + " registered");
    heedTerm(directory, heartbeats, id);
    startChild(directory);
    Optional<LocalBeat> local = local(settings, id);
    Thread.ofPlatform().daemon(true).start(() -> beatLocally(local, directory));
    while (true) {
      if (!Files.exists(directory.resolve("mute"))) {
        beat(heartbeats, id, directory);
      }
      if (Files.exists(directory.resolve("exit"))) {
        Runtime.getRuntime().halt(Integer.parseInt(Files.readString(directory.resolve("exit"))));
      }
      LockSupport.parkNanos(BEAT_EVERY);
    }
  }

  private static Optional<LocalBeat> local(Settings settings, WorkerId id) throws IOException {
    Optional<String> file = settings.optional("STOKER_BEAT_FILE", "its local heartbeat");
    return file.isEmpty()
        ? Optional.empty()
        : Optional.of(
            LocalBeat.create(Path.of(file.get()), id.incarnation(), ProcessHandle.current().pid()));
  }

  /** Whatever the database does meanwhile. */
  private static void beatLocally(Optional<LocalBeat> local, Path directory) {
    while (local.isPresent()) {
      boolean loading = Files.exists(directory.resolve("loading"));
      if (loading) {
        STEPS.incrementAndGet();
      }
      if (!Files.exists(directory.resolve("mute"))) {
        local.get().beat(STEPS.get(), inFlight(directory), loading);
      }
      LockSupport.parkNanos(BEAT_EVERY);
    }
  }

  private static int inFlight(Path directory) {
    return Files.exists(directory.resolve("in-flight")) ? 3 : 0;
  }

  private static void heedTerm(Path directory, WorkerHeartbeatTable heartbeats, WorkerId id) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  while (Files.exists(directory.resolve("ignore-term"))) {
                    LockSupport.parkNanos(BEAT_EVERY);
                  }
                  draining = true;
                  boolean own = heartbeats.beat(id, beat(WorkerStatus.STOPPED, 0));
                  Runtime.getRuntime().halt(own ? 0 : ExitStatus.FENCED);
                }));
  }

  private static void startChild(Path directory) throws IOException {
    Path file = directory.resolve("child");
    if (Files.exists(file)) {
      Process child = new ProcessBuilder("setsid", "sleep", "1000").start();
      Files.writeString(file, Long.toString(child.pid()));
    }
  }

  private static void beat(WorkerHeartbeatTable heartbeats, WorkerId id, Path directory) {
    if (Files.exists(directory.resolve("cut-off"))) {
      return;
    }
    WorkerStatus status =
        Files.exists(directory.resolve("loading")) ? WorkerStatus.STARTING : WorkerStatus.READY;
    try {
      if (!draining && !heartbeats.beat(id, beat(status, inFlight(directory)))) {
        Runtime.getRuntime().halt(ExitStatus.FENCED);
      }
    } catch (DataAccessException | TransactionException e) {
      System.out.println("stub: no beat: " + e.getMessage());
    }
  }

  private static Beat beat(WorkerStatus status, int inFlight) {
    return new Beat(
        status,
        List.of("model"),
        "model",
        inFlight,
        5,
        STEPS.get(),
        Optional.empty(),
        ModelSwaps.NONE);
  }

  private static ProcessIdentity self() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return new ProcessIdentity(
        ProcessHandle.current().pid(),
        Long.parseLong(fields[19]),
        Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip());
  }
}
