package dev.stoker.watchdog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.SlotState;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerSlotTable;
import dev.stoker.health.WorkerStatus;
import dev.stoker.health.WorkerView;
import dev.stoker.testing.TestDatabase;
import dev.stoker.watchdog.process.Launcher;
import dev.stoker.watchdog.process.WorkerCommand;
import dev.stoker.watchdog.process.WorkerResources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A stage for tests on real processes: the watchdog, a stub worker, PostgreSQL. */
abstract class RealProcesses {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  static final Duration LONG = Duration.ofMinutes(1);
  private static final Pattern PORT = Pattern.compile("//[^/:]+:(\\d+)/");

  @TempDir Path directory;

  final List<WatchdogProcess> watchdogs = new ArrayList<>();

  @AfterEach
  void leave_nothing_behind() throws Exception {
    for (WatchdogProcess watchdog : watchdogs) {
      watchdog.process().destroyForcibly().waitFor();
    }
    worker().flatMap(RealProcesses::handle).ifPresent(ProcessHandle::destroyForcibly);
    tidy(directory);
    tidy(directory.resolve("second"));
  }

  private static void tidy(Path data) {
    Launcher launcher =
        new Launcher(
            new WorkerCommand(List.of("true"), data),
            WorkerResources.ALL,
            new Launcher.Places(data, data),
            System::nanoTime);
    launcher
        .leftovers(0)
        .ifPresent(
            tree -> {
              tree.kill();
              Patience.until("nothing lives", LONG, tree::gone);
            });
    launcher.tidy(0);
  }

  final void start(Map<String, String> settings) throws IOException {
    Map<String, String> environment = new HashMap<>(database.environment());
    environment.putAll(settings);
    watchdogs.add(WatchdogProcess.start(directory, environment));
  }

  final int stop() throws Exception {
    latest().signal("TERM");
    return latest().awaitExit(LONG);
  }

  final WatchdogProcess latest() {
    return watchdogs.getLast();
  }

  final void set(String file, String content) throws IOException {
    Files.writeString(directory.resolve(file), content);
  }

  final WorkerView awaitReady(long incarnation) {
    until(
        "incarnation " + incarnation + " is ready",
        () ->
            worker()
                .filter(view -> view.id().incarnation() == incarnation)
                .filter(view -> view.status() == WorkerStatus.READY)
                .isPresent());
    return worker().orElseThrow();
  }

  final void awaitState(SlotState state) {
    until("the slot is " + state, () -> slotState().filter(state::equals).isPresent());
  }

  final void until(String what, BooleanSupplier holds) {
    Patience.until(what, LONG, holds, () -> latest().story());
  }

  static Optional<WorkerView> worker() {
    return new WorkerHeartbeatTable(database.jdbc()).all().stream().findFirst();
  }

  static Optional<SlotState> slotState() {
    return new WorkerSlotTable(database.jdbc())
        .all().stream().map(slot -> slot.state()).findFirst();
  }

  static String slotReason() {
    return new WorkerSlotTable(database.jdbc()).all().getFirst().reason();
  }

  static List<Map<String, Object>> recoveries() {
    return database.jdbc().sql("SELECT * FROM recovery ORDER BY id").query().listOfRows();
  }

  static long pid(WorkerView view) {
    return view.process().orElseThrow().pid();
  }

  static Optional<ProcessHandle> handle(WorkerView view) {
    return view.process().flatMap(process -> ProcessHandle.of(process.pid()));
  }

  /** For the JDK a zombie lives; and who reaps the orphans of a test takes its time. */
  static boolean runs(long pid) throws IOException {
    Path stat = Path.of("/proc", Long.toString(pid), "stat");
    return Files.exists(stat) && !Files.readString(stat).contains(") Z ");
  }

  static boolean lives(WorkerView view) {
    return handle(view).filter(ProcessHandle::isAlive).isPresent();
  }

  /** One shard held by a worker. */
  static void lease(String holder) {
    database
        .jdbc()
        .sql(
            """
            WITH b AS (
                INSERT INTO batch (id, endpoint, input_file_id, completion_window, status, total, expires_at, in_progress_at)
                VALUES (gen_random_uuid(), '/v1/embeddings', 'file-1', '24h', 'in_progress', 1,
                        now() + interval '1 day', now())
                RETURNING id
            )
            INSERT INTO shard (batch, ordinal, file, part, model, lines, priority, deadline, state, attempt, leased_by,
                               lease_expires_at)
            SELECT id, 0, gen_random_uuid(), 0, 'model', 1, 0, now() + interval '1 day', 'leased', 1, :holder,
                   now() + interval '1 hour'
            FROM b
            """)
        .param("holder", holder)
        .update();
  }

  static Detour detour() throws IOException {
    Matcher port = PORT.matcher(database.settings().jdbcUrl());
    assertThat(port.find()).isTrue();
    return new Detour(Integer.parseInt(port.group(1)));
  }

  static Map<String, String> through(Detour detour, String staleAfter) {
    return Map.of(
        "STOKER_DATABASE_URL",
        PORT.matcher(database.settings().jdbcUrl())
            .replaceFirst("//127.0.0.1:" + detour.port() + "/"),
        "STOKER_HEARTBEAT_STALE_AFTER",
        staleAfter);
  }
}
