package dev.stoker.worker.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.GpuPin;
import dev.stoker.health.GpuReading;
import dev.stoker.health.GpuTable;
import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ModelMemoryTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final long GIB = 1L << 30;

  private final GpuTable table = new GpuTable(database.jdbc());
  private final AtomicLong available = new AtomicLong(8 * GIB);
  private final ModelMemory memory =
      new ModelMemory(
          new GpuMemory(table, "here", GpuPin.of("1")),
          () -> OptionalLong.of(available.get()),
          () -> 0,
          () -> {},
          Duration.ofMillis(700),
          System::nanoTime);

  @Test
  void a_model_that_fits_is_loaded() throws InterruptedException {
    assertThat(memory.shortage(Optional.empty())).isEmpty();
    assertThat(memory.shortage(Optional.of(8 * GIB))).isEmpty();
  }

  @Test
  void a_model_that_does_not_fit_is_not_and_it_is_said_how_much_is_missing()
      throws InterruptedException {
    assertThat(memory.shortage(Optional.of(9 * GIB)))
        .contains("it takes 9216 MiB of memory, and only 8192 MiB are free");
  }

  @Test
  void on_a_gpu_it_is_the_free_memory_of_the_workers_own_that_counts() throws InterruptedException {
    write(0, 3 * GIB);

    assertThat(memory.shortage(Optional.of(5 * GIB))).isEmpty();
    assertThat(memory.shortage(Optional.of(6 * GIB)).orElseThrow()).contains("5120 MiB are free");
  }

  @Test
  void gpu_memory_that_is_back_lets_another_model_in() throws InterruptedException {
    write(0, GIB);
    memory.loading();
    write(0, 7 * GIB);
    memory.leaving();
    Thread watchdog = Thread.ofVirtual().start(() -> write(0, GIB));

    assertThat(memory.isBack("m")).isTrue();
    watchdog.join();
  }

  @Test
  void gpu_memory_that_is_held_lets_no_other_model_in() throws InterruptedException {
    write(0, GIB);
    memory.loading();
    write(0, 7 * GIB);
    memory.leaving();

    assertThat(memory.isBack("m")).isFalse();
  }

  @Test
  void what_nobody_reads_is_not_held_against_a_model() throws InterruptedException {
    table.write("here", List.of(reading(1, GIB)), Duration.ofSeconds(1));
    memory.loading();
    table.write("here", List.of(reading(1, 7 * GIB)), Duration.ofSeconds(1));
    memory.leaving();

    assertThat(memory.isBack("m")).isTrue();
  }

  @Test
  void what_a_process_keeps_of_a_gpu_lets_another_model_in() throws InterruptedException {
    write(0, GIB);
    memory.loading();
    write(0, 7 * GIB);
    memory.leaving();
    Thread watchdog = Thread.ofVirtual().start(() -> write(0, 2 * GIB));

    assertThat(memory.isBack("m")).isTrue();
    watchdog.join();
  }

  @Test
  void what_other_gpus_hold_does_not_matter() throws InterruptedException {
    write(0, GIB);
    memory.loading();
    write(6 * GIB, GIB);
    memory.leaving();

    assertThat(memory.isBack("m")).isTrue();
  }

  @Test
  void without_a_gpu_nothing_is_waited_for() throws InterruptedException {
    memory.loading();

    assertThat(memory.isBack("m")).isTrue();
  }

  /**
   * GPU 1 is the worker's, of 8 GiB; GPU 0 is another's. Dated a little ahead: it is read later.
   */
  private void write(long otherUsed, long used) {
    table.write("here", List.of(reading(0, otherUsed), reading(1, used)), Duration.ofMillis(-300));
  }

  private static GpuReading reading(int index, long used) {
    OptionalLong unknown = OptionalLong.empty();
    return new GpuReading(
        index,
        "GPU-" + index,
        "Stub",
        OptionalLong.of(used),
        OptionalLong.of(8 * GIB),
        unknown,
        unknown,
        unknown,
        "");
  }
}
