package dev.stoker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerId;
import dev.stoker.queue.InFlightFile;
import dev.stoker.queue.LeaseReturn;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import dev.stoker.testing.Until;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Lines that end every process that runs them, and real processes; the test plays the watchdog. */
class PoisonLineTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** How long a player of the watchdog waits who expects no worker to hang. */
  private static final Duration VERY_LONG = Duration.ofMinutes(1);

  private static final int DEATHS_MAX = 30;

  private final Rows rows = new Rows(database);
  private final List<LeaseReturn.Returned> deaths = new ArrayList<>();
  @TempDir Path directory;
  private Path inFlight;

  @BeforeEach
  void name() {
    inFlight = directory.resolve("in-flight");
  }

  @Test
  void fault_25_a_poison_line_ends_as_an_error_and_the_other_999_are_answered()
      throws IOException, InterruptedException {
    BatchId batch =
        rows.batch().part("m", 256).part("m", 256).part("m", 256).part("m", 232).insert();

    run(batch, Map.of("POISON_CRASHES", "text 300"), VERY_LONG);

    assertOnlyCrashesOf(batch, 1000, 300);
    assertThat(deaths).hasSizeLessThanOrEqualTo(5);
    assertThat(deaths).filteredOn(death -> !death.poison()).as("of the budget").hasSize(1);
  }

  @Test
  void fault_25_three_poison_lines_do_not_condemn_the_rest_of_their_shard()
      throws IOException, InterruptedException {
    BatchId batch = rows.batch().part("m", 256).insert();

    run(batch, Map.of("POISON_CRASHES", "text 10,text 100,text 200"), VERY_LONG);

    assertOnlyCrashesOf(batch, 256, 10, 100, 200);
    assertThat(deaths).hasSizeLessThanOrEqualTo(12);
    assertThat(deaths)
        .filteredOn(death -> !death.poison())
        .as("of the budget")
        .hasSizeLessThanOrEqualTo(3);
  }

  @Test
  void fault_25_a_line_that_hangs_each_time_is_as_much_poison()
      throws IOException, InterruptedException {
    BatchId batch = rows.batch().part("m", 100).insert();

    run(batch, Map.of("POISON_HANGS", "text 42"), Duration.ofSeconds(2));

    assertOnlyCrashesOf(batch, 100, 42);
    assertThat(deaths).hasSizeLessThanOrEqualTo(5);
  }

  private void assertOnlyCrashesOf(BatchId batch, int total, Integer... poison) {
    assertThat(rows.status(batch)).isEqualTo(BatchStatus.COMPLETED);
    List<Rows.Result> results = rows.results(batch);
    assertThat(results).hasSize(total);
    List<Rows.Result> failed = results.stream().filter(result -> !result.succeeded()).toList();
    assertThat(failed).extracting(Rows.Result::line).containsExactly(poison);
    assertThat(failed).allMatch(result -> result.body().contains("\"code\":\"engine_crash\""));
    assertThat(rows.value(Long.class, "SELECT sum(faults) FROM shard")).isZero();
  }

  /**
   * Starts one worker after the other until the batch has ended.
   *
   * @param patience how long one may answer nothing before it is killed
   */
  private void run(BatchId batch, Map<String, String> poison, Duration patience)
      throws IOException, InterruptedException {
    BooleanSupplier ended = () -> rows.status(batch).ended();
    LeaseReturn returns = new LeaseReturn(database.database());
    while (!ended.getAsBoolean()) {
      WorkerId id = new WorkerHeartbeatTable(database.jdbc()).reserve("host/0", "host");
      Process worker = launch(id, poison);
      try {
        Standstill standstill = new Standstill(inFlight, patience);
        Until.within(PATIENCE)
            .holds(() -> ended.getAsBoolean() || !worker.isAlive() || standstill.lasts());
      } finally {
        worker.destroyForcibly().waitFor();
      }
      if (!ended.getAsBoolean()) {
        deaths.add(returns.afterDeath(id, InFlightFile.read(inFlight), true));
        assertThat(deaths).as(this::console).hasSizeLessThan(DEATHS_MAX);
      }
    }
  }

  /** Whether lines are in flight and none is answered for so long. */
  private static final class Standstill {
    private final Path file;
    private final Duration patience;
    private long answered = -1;
    private long sinceNanos;

    Standstill(Path file, Duration patience) {
      this.file = file;
      this.patience = patience;
    }

    boolean lasts() {
      long now = System.nanoTime();
      long seen =
          InFlightFile.read(file)
              .filter(InFlightFile.Reading::anything)
              .map(InFlightFile.Reading::answered)
              .orElse(-1L);
      if (seen != answered || seen < 0) {
        answered = seen;
        sinceNanos = now;
      }
      return now - sinceNanos >= patience.toNanos();
    }
  }

  private Process launch(WorkerId id, Map<String, String> poison) throws IOException {
    Files.deleteIfExists(inFlight);
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            PoisonWorker.class.getName());
    builder.environment().putAll(database.environment());
    builder.environment().putAll(poison);
    builder.environment().put("STOKER_WORKER_NAME", id.worker());
    builder.environment().put("STOKER_WORKER_INCARNATION", Long.toString(id.incarnation()));
    builder.environment().put("STOKER_IN_FLIGHT_FILE", inFlight.toString());
    builder.environment().put("STOKER_DATA_DIR", directory.toString());
    builder.environment().put("STOKER_LOG_DIR", directory.resolve("logs").toString());
    Path console = directory.resolve("console");
    builder.redirectErrorStream(true).redirectOutput(console.toFile());
    return builder.start();
  }

  private String console() {
    try {
      return Files.readString(directory.resolve("console"));
    } catch (IOException e) {
      return e.toString();
    }
  }
}
