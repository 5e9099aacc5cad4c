package dev.stoker.watchdog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoker.health.Gate;
import dev.stoker.health.GateDecision;
import dev.stoker.health.GpuReading;
import dev.stoker.health.GpuTable;
import dev.stoker.health.GpuView;
import dev.stoker.health.SlotState;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerSlotTable;
import dev.stoker.watchdog.gpu.StubLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A real watchdog with GPUs that are as a file says, and one without any. */
@Timeout(240)
class GpuFactsTest extends RealProcesses {

  private static final String NAME = "box";

  @Test
  void what_the_driver_says_is_stored_while_it_changes() throws Exception {
    StubLibrary stub = stub();
    stub.answers(
        "count=2",
        "0.used=1000",
        "0.total=2000",
        "0.temperature=61",
        "0.power=250000",
        "0.utilisation=97");
    start(gpus(stub));
    until("two GPUs are seen", () -> readings().size() == 2);
    assertThat(readings().getFirst())
        .isEqualTo(
            new GpuReading(
                0,
                "GPU-0",
                "Stub 9000",
                OptionalLong.of(1000),
                OptionalLong.of(2000),
                OptionalLong.of(97),
                OptionalLong.of(61),
                OptionalLong.of(250_000),
                ""));
    stub.answers("0.used=7");
    Instant freed = table().clock();
    until("read since", () -> !table().readings(NAME, freed).isEmpty());
    assertThat(table().readings(NAME, freed))
        .singleElement()
        .satisfies(view -> assertThat(view.reading().memoryUsedBytes()).hasValue(7));
  }

  @Test
  void a_gpu_that_breaks_under_its_worker_closes_the_gate_until_it_is_well() throws Exception {
    StubLibrary stub = stub();
    start(gpus(stub));
    awaitReady(1);
    awaitState(SlotState.RUNNING);
    until("the gate is open", () -> decide() instanceof GateDecision.Open);
    stub.answers("0.action=1");
    until("the gate is closed", () -> decide() instanceof GateDecision.Closed);
    assertThat(((GateDecision.Closed) decide()).reason())
        .isEqualTo(
            "Worker offline: GPU 0 of box is unhealthy: GPU 0 (GPU-0) needs recovery action 1, a reset");
    assertThat(readings())
        .extracting(GpuReading::fault)
        .containsExactly("GPU 0 (GPU-0) needs recovery action 1, a reset");
    assertThat(slotState()).contains(SlotState.RUNNING); // nobody is killed for that
    stub.answers();
    until("the gate is open", () -> decide() instanceof GateDecision.Open);
    until("the row says so", () -> readings().getFirst().healthy());
    assertThat(latest().log())
        .containsOnlyOnce("GPU 0 of box is unhealthy")
        .containsOnlyOnce("GPU 0 of box is no longer unhealthy");
  }

  @Test
  void no_probe_outlives_its_watchdog_even_if_it_hangs() throws Exception {
    StubLibrary stub = stub();
    start(gpus(stub));
    until("the GPU is seen", () -> readings().size() == 1);
    assertThat(probes()).hasSize(1);
    stub.answers("hang=procs");
    List<ProcessHandle> probes = probes();
    WatchdogProcess.signal(latest().process().pid(), "KILL");
    until("the probe ends", () -> probes.stream().noneMatch(ProcessHandle::isAlive));
  }

  @Test
  void without_a_driver_nothing_runs_and_nothing_is_said() throws Exception {
    OptionalLong unknown = OptionalLong.empty();
    GpuReading former = new GpuReading(0, "", "", unknown, unknown, unknown, unknown, unknown, "");
    table().write(NAME, List.of(former), Duration.ZERO);
    start(Map.of("STOKER_HOST_NAME", NAME, "STOKER_NVML_LIBRARY", directory + "/missing.so"));
    awaitReady(1);
    awaitState(SlotState.RUNNING);
    until("a GPU of former days is forgotten", () -> readings().isEmpty());
    assertThat(probes()).isEmpty();
    assertThat(threads()).isNotEmpty().noneMatch(name -> name.startsWith("gpu-"));
    assertThat(latest().log().lines().filter(line -> line.contains("GPU")))
        .singleElement()
        .asString()
        .contains(" INFO ", "There is no GPU driver here");
  }

  private StubLibrary stub() throws Exception {
    assumeTrue(StubLibrary.compiler().isPresent(), "no C compiler to make the stub with");
    return StubLibrary.compile(Files.createDirectory(directory.resolve("nvml")));
  }

  /** So short a window makes for a look every half second. */
  private static Map<String, String> gpus(StubLibrary stub) {
    return Map.of(
        "STOKER_HOST_NAME",
        NAME,
        "STOKER_HEARTBEAT_STALE_AFTER",
        "6s",
        "STOKER_WORKER_GPUS",
        "0",
        "STOKER_NVML_LIBRARY",
        stub.settings().library());
  }

  private static GateDecision decide() {
    return new Gate(Duration.ofMinutes(5))
        .decide(
            new WorkerHeartbeatTable(database.jdbc()).all(),
            new WorkerSlotTable(database.jdbc()).all());
  }

  private static GpuTable table() {
    return new GpuTable(database.jdbc());
  }

  private static List<GpuReading> readings() {
    return table().all().stream().map(GpuView::reading).toList();
  }

  private List<ProcessHandle> probes() {
    return StubLibrary.probesOf(latest().process().toHandle());
  }

  private List<String> threads() throws IOException {
    Path tasks = Path.of("/proc", Long.toString(latest().process().pid()), "task");
    try (Stream<Path> all = Files.list(tasks)) {
      return all.map(GpuFactsTest::name).toList();
    }
  }

  /** Empty for a thread that has ended since. */
  private static String name(Path task) {
    try {
      return Files.readString(task.resolve("comm"));
    } catch (IOException e) {
      return "";
    }
  }
}
