package dev.stoker.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class GpuTableTest {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration MOMENT = Duration.ofSeconds(20);

  private GpuTable gpus;

  @BeforeEach
  void open() {
    gpus = new GpuTable(database.jdbc());
  }

  @Test
  void a_gpu_is_read_as_it_was_written() {
    GpuReading whole =
        new GpuReading(
            0,
            "GPU-0",
            "Stub 9000",
            OptionalLong.of(7),
            OptionalLong.of(80L << 30),
            OptionalLong.of(100),
            OptionalLong.of(-5),
            OptionalLong.of(250_000),
            "");
    gpus.write("host", List.of(whole, silent(1)), Duration.ofHours(1));
    assertThat(gpus.all()).extracting(GpuView::reading).containsExactly(whole, silent(1));
    assertThat(gpus.all().getFirst().age())
        .isBetween(Duration.ofHours(1), Duration.ofHours(1).plus(MOMENT));
    assertThat(gpus.all().getFirst().title()).isEqualTo("GPU 0 of host");
  }

  @Test
  void what_a_gpu_cannot_show_is_not_believed() {
    GpuReading wild =
        new GpuReading(
            0,
            "",
            "",
            OptionalLong.of(-1),
            OptionalLong.of(-1),
            OptionalLong.of(101),
            OptionalLong.of(65_535),
            OptionalLong.of(-1),
            "");
    gpus.write("host", List.of(wild), Duration.ZERO);
    assertThat(gpus.all())
        .extracting(GpuView::reading)
        .containsExactly(
            new GpuReading(
                0,
                "",
                "",
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                ""));
  }

  @Test
  void a_vanished_gpu_is_forgotten_and_those_of_other_hosts_stay() {
    gpus.write("host", List.of(used(0, 1), used(1, 1)), Duration.ZERO);
    gpus.write("other", List.of(used(0, 1)), Duration.ZERO);
    gpus.write("host", List.of(used(1, 2)), Duration.ZERO);
    assertThat(gpus.all())
        .extracting(GpuView::title)
        .containsExactly("GPU 1 of host", "GPU 0 of other");
    assertThat(gpus.all().getFirst().reading()).isEqualTo(used(1, 2));
    gpus.write("host", List.of(), Duration.ZERO);
    assertThat(gpus.all()).extracting(GpuView::host).containsExactly("other");
  }

  @Test
  void a_reading_shows_only_what_was_done_before_it_was_taken() {
    gpus.write("host", List.of(used(0, 5)), Duration.ZERO);
    Instant unloaded = gpus.clock();
    assertThat(gpus.readings("host", unloaded)).isEmpty();
    // The driver was asked before that, and the answer was long on its way.
    gpus.write("host", List.of(used(0, 5)), Duration.ofSeconds(30));
    assertThat(gpus.readings("host", unloaded)).isEmpty();
    gpus.write("other", List.of(used(0, 5)), Duration.ZERO);
    gpus.write("host", List.of(used(0, 1)), Duration.ofMillis(-1)); // less than 1 ms ago
    assertThat(gpus.readings("host", unloaded))
        .singleElement()
        .satisfies(
            view -> {
              assertThat(view.reading().memoryUsedBytes()).hasValue(1);
              assertThat(view.seenAt()).isAfterOrEqualTo(unloaded);
            });
  }

  @Test
  void a_gpu_that_cannot_be_read_is_condemned_and_its_reading_grows_older() {
    gpus.write("host", List.of(used(0, 5), used(1, 5)), Duration.ofHours(1));
    gpus.condemn("host", 0, "Xid 79");
    GpuView condemned = gpus.all().getFirst();
    assertThat(condemned.reading().fault()).isEqualTo("Xid 79");
    assertThat(condemned.reading().healthy()).isFalse();
    assertThat(condemned.age()).isGreaterThanOrEqualTo(Duration.ofHours(1));
    assertThat(gpus.all().getLast().reading().healthy()).isTrue();
    gpus.write("host", List.of(used(0, 5), used(1, 5)), Duration.ZERO);
    assertThat(gpus.all()).allMatch(gpu -> gpu.reading().healthy());
  }

  private static GpuReading silent(int index) {
    OptionalLong unknown = OptionalLong.empty();
    return new GpuReading(
        index, "", "", unknown, unknown, unknown, unknown, unknown, "it has fallen off the bus");
  }

  private static GpuReading used(int index, long bytes) {
    OptionalLong unknown = OptionalLong.empty();
    return new GpuReading(
        index,
        "GPU-" + index,
        "Stub 9000",
        OptionalLong.of(bytes),
        OptionalLong.of(100),
        unknown,
        unknown,
        unknown,
        "");
  }
}
