package dev.stoker.watchdog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.database.Database;
import dev.stoker.settings.Settings;
import dev.stoker.watchdog.observe.DatabaseThread;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The loop goes on, whatever hangs or fails around it. */
class SupervisionPropertiesTest {

  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir Path directory;

  static List<Long> seeds() {
    return new Random(8).longs(6).boxed().toList();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @DisplayName("I8 I10: no tick waits for a database that hangs, nor dies of whoever is told")
  void ticks_go_on_while_everything_else_hangs_or_fails(long seed) {
    Random random = new Random(seed);
    Semaphore answers = new Semaphore(0);
    Supplier<Database> hanging =
        () -> {
          answers.acquireUninterruptibly();
          throw new IllegalStateException("no database");
        };
    Listeners listeners = new Listeners(random.nextInt(3));
    Supervision supervision = new Supervision(settings(), System::nanoTime, listeners);
    try (DatabaseThread database = new DatabaseThread(hanging, supervision)) {
      supervision.start(database, List.of());
      for (int i = 0; i < 10; i++) {
        switch (random.nextInt(3)) {
          case 0 -> answers.release();
          case 1 -> supervision.wake();
          default ->
              supervision.execute(
                  () -> {
                    throw new IllegalStateException("a task failed");
                  });
        }
        int before = listeners.ticks.get();
        Patience.until("it ticks", SOON, () -> listeners.ticks.get() > before + 1);
      }
      answers.release(1000);
      assertThat(supervision.stop(SOON)).isTrue();
    }
  }

  private WatchdogSettings settings() {
    return WatchdogSettings.from(
        new Settings(
            Map.of("STOKER_DATA_DIR", directory.toString(), "STOKER_HEARTBEAT_STALE_AFTER", "1s")));
  }

  /** Some of them fail as well. */
  private static final class Listeners implements Outside {
    final AtomicInteger ticks = new AtomicInteger();
    private final int failing;

    Listeners(int failing) {
      this.failing = failing;
    }

    @Override
    public void yieldTo(Rival rival) {}

    @Override
    public void ready() {
      failIf(failing == 1);
    }

    @Override
    public void changed(String story) {}

    @Override
    public void ticked(boolean well) {
      int tick = ticks.incrementAndGet();
      failIf(failing == 2 && tick % 3 == 0);
    }

    @Override
    public void stoodStill(Duration length) {}

    @Override
    public void blind(Duration length) {}

    @Override
    public void failed(Throwable cause) {}

    private static void failIf(boolean condition) {
      if (condition) {
        throw new IllegalStateException("cannot be told");
      }
    }
  }
}
