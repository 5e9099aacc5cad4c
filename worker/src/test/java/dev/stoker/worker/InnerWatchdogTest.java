package dev.stoker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.LocalBeat;
import dev.stoker.health.WorkerExit;
import dev.stoker.testing.TestDatabase;
import dev.stoker.testing.Until;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real loops in processes of their own, of which one hangs. */
class InnerWatchdogTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration GRACE = Duration.ofSeconds(30);

  @TempDir private Path directory;
  private Process worker;

  @AfterEach
  void end() {
    worker.destroyForcibly();
  }

  /** The main loop while the heartbeat lives, and the heartbeat while the main loop lives. */
  @ParameterizedTest
  @ValueSource(strings = {"claim", "heartbeat"})
  void a_process_one_of_whose_loops_hangs_dumps_its_threads_and_ends(String loop) throws Exception {
    start(loop, 2);
    Until.within(GRACE).holds(() -> beats() > 1);

    Files.createFile(directory.resolve("hang"));

    assertThat(worker.waitFor(GRACE.toSeconds(), TimeUnit.SECONDS)).as(console()).isTrue();
    assertThat(worker.exitValue()).isEqualTo(WorkerExit.STARVED);
    assertThat(Files.readString(directory.resolve("worker.threads.txt")))
        .contains("\"" + loop + "\"", "HangingWorker$Trap.probe");
    assertThat(console())
        .contains("[WATCHDOG] ALERT! No heartbeat for ")
        .contains("s. Restarting... (loop " + loop + ")");
  }

  @Test
  void loops_that_have_nothing_to_do_and_no_database_are_not_starved() throws Exception {
    start("none", 8);
    Until.within(GRACE).holds(() -> beats() > 1);
    String server =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'hanging%'";
    long before = beats();

    // Without a connection for as long as the loops may stand still, and more.
    Until.within(GRACE)
        .holds(
            () -> {
              database.jdbc().sql(server).query().listOfRows();
              return beats() > before + 10;
            });

    assertThat(worker.isAlive()).as(console()).isTrue();
  }

  private void start(String loop, int seconds) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                HangingWorker.class.getName(),
                loop,
                directory.toString(),
                Integer.toString(seconds)));
    builder.environment().putAll(database.environment());
    builder.redirectErrorStream(true).redirectOutput(directory.resolve("console").toFile());
    worker = builder.start();
  }

  private long beats() {
    return LocalBeat.read(directory.resolve("beat")).map(LocalBeat.Reading::beats).orElse(0L);
  }

  private String console() {
    try {
      return Files.readString(directory.resolve("console"));
    } catch (IOException e) {
      return e.toString();
    }
  }
}
