package dev.stoker.watchdog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoker.database.Database;
import dev.stoker.health.GpuFault;
import dev.stoker.health.GpuPin;
import dev.stoker.health.GpuTable;
import dev.stoker.health.GpuView;
import dev.stoker.health.SlotState;
import dev.stoker.health.SlotView;
import dev.stoker.health.WorkerSlotTable;
import dev.stoker.settings.Settings;
import dev.stoker.testing.SentryReceiver;
import dev.stoker.testing.TestDatabase;
import dev.stoker.watchdog.alert.AlertSettings;
import dev.stoker.watchdog.alert.Alerts;
import dev.stoker.watchdog.gpu.GpuWatch;
import dev.stoker.watchdog.gpu.StubLibrary;
import dev.stoker.watchdog.observe.DatabaseThread;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Real probes, real rows, two slots with a GPU each. */
@Timeout(180)
class HostGpusTest {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration LONG = Duration.ofMinutes(1);
  private static final String XID_79 = "4,9,%d,-;NVRM: Xid (PCI:0000:61:00): 79, off the bus";

  @TempDir private Path directory;

  private final SentryReceiver receiver = new SentryReceiver();
  private final ExecutorService supervision = Executors.newSingleThreadExecutor();
  private final DatabaseThread writer =
      new DatabaseThread(
          () -> Database.dedicated(database.settings(), "gpus", Duration.ofSeconds(5)),
          supervision);
  private Alerts alerts;
  private StubLibrary stub;
  private GpuWatch watch;
  private List<SlotGpu> slots;

  @BeforeEach
  void open() throws Exception {
    assumeTrue(StubLibrary.compiler().isPresent(), "no C compiler to make the stub with");
    stub = StubLibrary.compile(directory);
    stub.answers("count=2");
    alerts =
        new Alerts(
            AlertSettings.from(new Settings(Map.of("SENTRY_DSN", receiver.dsn()))),
            "box",
            System::nanoTime);
    watch = new GpuWatch(stub.settings(), Duration.ofSeconds(5));
    slots =
        List.of(
            new SlotGpu(watch, GpuPin.of("0"), supervision),
            new SlotGpu(watch, GpuPin.of("1"), supervision));
    for (String worker : List.of("box/0", "box/1")) {
      new WorkerSlotTable(database.jdbc()).describe(worker, "box", SlotState.RUNNING, "", 1);
    }
  }

  @AfterEach
  void close() {
    if (watch != null) {
      watch.close();
      alerts.close();
    }
    writer.close();
    supervision.shutdownNow();
    receiver.close();
  }

  @Test
  void a_gpu_falls_off_the_bus_while_its_driver_hangs() throws Exception {
    stub.kernelSays(XID_79.formatted(100)); // long ago, and nothing came of it
    watchOn();
    until("both are seen", () -> gpus().size() == 2);
    assertThat(faults()).containsExactly("", "");
    assertThat(slotFault(0)).isEmpty();
    forgive();
    stub.answers("hang=procs");
    stub.kernelSays(XID_79.formatted(100), XID_79.formatted(200));
    until("its slot is told of", () -> slotFault(0).isPresent());
    assertThat(slotFault(0).orElseThrow().reason())
        .isEqualTo("GPU 0 of box is unhealthy: Xid 79 of GPU 0000:61:00: off the bus");
    assertThat(slotFault(1)).isEmpty();
    assertThat(faults()).containsExactly("Xid 79 of GPU 0000:61:00: off the bus", "");
    Duration age = gpus().getFirst().age();
    until("its reading grows older", () -> gpus().getFirst().age().compareTo(age) > 0);
  }

  @Test
  void what_a_person_has_forgiven_is_no_fault_any_more() throws Exception {
    watchOn();
    forgive();
    stub.kernelSays(XID_79.formatted(200));
    until("it is told of", () -> slotFault(0).isPresent());
    forgive();
    until("it is well", () -> slotFault(0).isEmpty() && faults().equals(List.of("", "")));
  }

  @Test
  void a_fault_is_told_with_its_newest_time_and_people_hear_of_it_once() throws Exception {
    watchOn();
    forgive();
    stub.answers("count=2", "1.failed=1");
    until("it is told of", () -> slotFault(1).isPresent());
    assertThat(slotFault(0)).isEmpty();
    Duration age = slotFault(1).orElseThrow().age();
    Patience.whilst(
        "it stays young",
        Duration.ofSeconds(2),
        () -> slotFault(1).filter(fault -> fault.age().minus(age).toSeconds() < 30).isPresent());
    stub.answers("count=2");
    until("it is well", () -> slotFault(1).isEmpty());
    alerts.close();
    assertThat(receiver.items("event"))
        .singleElement()
        .satisfies(
            event ->
                assertThat(event.text())
                    .contains(
                        "GPU 1 of box is unhealthy: GPU 1 (GPU-1) could not remap a row of its memory"));
  }

  @Test
  void a_fault_is_not_forgotten_since_the_driver_hangs_but_grows_old() throws Exception {
    watchOn();
    forgive();
    stub.answers("count=2", "0.failed=1");
    until("it is told of", () -> slotFault(0).isPresent());
    stub.answers("count=2", "0.failed=1", "hang=procs");
    until(
        "it grows old",
        () -> slotFault(0).orElseThrow().age().compareTo(Duration.ofSeconds(8)) > 0);
    assertThat(faults()).containsExactly("GPU 0 (GPU-0) could not remap a row of its memory", "");
  }

  @Test
  void a_gpu_that_is_counted_no_more_fails_its_worker_and_is_forgotten() throws Exception {
    watchOn();
    forgive();
    until("both are seen", () -> gpus().size() == 2);
    stub.answers("count=1");
    until("its slot is told of", () -> slotFault(1).isPresent());
    assertThat(slotFault(1).orElseThrow().reason())
        .isEqualTo("a GPU of box is unhealthy: GPU 1 (GPU-1) is not there any more");
    assertThat(slotFault(0)).isEmpty();
    assertThat(gpus()).extracting(GpuView::title).containsExactly("GPU 0 of box");
  }

  @Test
  void a_worker_that_fills_its_gpu_is_no_fault() throws Exception {
    watchOn();
    forgive();
    stub.answers("count=2", "0.used=42949672960", "0.procs=4711:42949672960");
    until("it is seen", () -> used() == 42949672960L);
    assertThat(faults()).containsExactly("", "");
    assertThat(slotFault(0)).isEmpty();
  }

  private void watchOn() {
    watch.watch(
        Duration.ofMillis(50),
        System::nanoTime,
        new HostGpus("box", slots, writer, supervision, System::nanoTime, alerts));
  }

  /** As when a worker is adopted, or a person resumes it. */
  private void forgive() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    slots.forEach(SlotGpu::forgive);
    watch.look(_ -> supervision.execute(done::countDown)); // answered after those before it
    assertThat(done.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  private static Optional<GpuFault> slotFault(int slot) {
    return new WorkerSlotTable(database.jdbc())
        .all().stream()
            .filter(view -> view.worker().equals("box/" + slot))
            .map(SlotView::gpuFault)
            .flatMap(Optional::stream)
            .findFirst();
  }

  private static List<GpuView> gpus() {
    return new GpuTable(database.jdbc()).all();
  }

  private static List<String> faults() {
    return gpus().stream().map(gpu -> gpu.reading().fault()).toList();
  }

  private static long used() {
    return gpus().stream()
        .mapToLong(gpu -> gpu.reading().memoryUsedBytes().orElse(-1))
        .findFirst()
        .orElse(-1);
  }

  private static void until(String what, java.util.function.BooleanSupplier holds) {
    Patience.until(what, LONG, holds, () -> gpus() + " " + slotFault(0) + " " + slotFault(1));
  }
}
