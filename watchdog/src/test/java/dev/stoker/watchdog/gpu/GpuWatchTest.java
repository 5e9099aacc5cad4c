package dev.stoker.watchdog.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.stoker.health.GpuPin;
import dev.stoker.settings.Settings;
import dev.stoker.watchdog.Patience;
import dev.stoker.watchdog.gpu.Gpu.Holder;
import dev.stoker.watchdog.gpu.GpuJudgement.Busy;
import dev.stoker.watchdog.gpu.GpuJudgement.Healthy;
import dev.stoker.watchdog.gpu.GpuJudgement.Quarantine;
import dev.stoker.watchdog.gpu.GpuJudgement.RestartAllowed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** The real probe process against a library that lies as it is told. */
@EnabledIf(value = "isThereACompiler", disabledReason = "no C compiler to make the stub with")
@Timeout(180)
class GpuWatchTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final GpuPin FIRST = GpuPin.of("0");
  private static final String XID_79 =
      "4,9,%d,-;NVRM: Xid (PCI:0000:61:00): 79, GPU has fallen off the bus.";

  @TempDir private static Path directory;
  private static StubLibrary stub;

  private final Seen seen = new Seen();
  private GpuWatch watch;

  @BeforeAll
  static void compile() throws IOException, InterruptedException {
    stub = StubLibrary.compile(directory);
  }

  @BeforeEach
  void open() throws IOException {
    stub.answers();
    stub.kernelSays();
    watch = new GpuWatch(stub.settings(), LONG);
  }

  @AfterEach
  void close() {
    watch.close();
  }

  static boolean isThereACompiler() {
    return StubLibrary.compiler().isPresent();
  }

  @Test
  void every_fact_is_seen() throws Exception {
    stub.answers(
        "count=2",
        "0.used=1073741824",
        "0.temperature=61",
        "0.power=250000",
        "0.utilisation=97",
        "0.ecc=3",
        "0.action=0",
        "0.mig=0",
        "0.procs=4711:1048576 4712:-1",
        "1.total=1024",
        "1.pending=1",
        "1.mig=1");
    stub.kernelSays("6,1,100,-;usb", XID_79.formatted(200), "6,1,300,-;usb");
    assertThat(look())
        .isEqualTo(
            new GpuLook.Seen(
                List.of(
                    new Gpu(
                        0,
                        "GPU-0",
                        "Stub 9000",
                        "0000:61:00",
                        0,
                        OptionalLong.of(1 << 30),
                        OptionalLong.of(80L << 30),
                        OptionalLong.of(61),
                        OptionalLong.of(250_000),
                        OptionalLong.of(97),
                        OptionalLong.of(3),
                        false,
                        false,
                        OptionalLong.of(0),
                        false,
                        List.of(
                            new Holder(4711, OptionalLong.of(1 << 20)),
                            new Holder(4712, OptionalLong.empty()))),
                    new Gpu(
                        1,
                        "GPU-1",
                        "Stub 9000",
                        "0000:62:00",
                        0,
                        OptionalLong.of(0),
                        OptionalLong.of(1024),
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        true,
                        false,
                        OptionalLong.empty(),
                        true,
                        List.of())),
                new KernelMessages(
                    300, List.of(new Xid("0000:61:00", 79, "GPU has fallen off the bus.", 200)))));
  }

  @Test
  void the_longer_process_records_of_some_drivers_are_read_right() throws Exception {
    stub.answers("stride=32", "0.procs=4711:100 4712:200 4713:300");
    assertThat(first().holders())
        .extracting(Holder::pid, holder -> holder.usedBytes().orElse(-1))
        .containsExactly(tuple(4711L, 100L), tuple(4712L, 200L), tuple(4713L, 300L));
  }

  @Test
  void more_processes_than_expected_are_all_seen() throws Exception {
    stub.answers(
        "0.procs="
            + LongStream.range(1000, 1200)
                .mapToObj(pid -> pid + ":7")
                .collect(Collectors.joining(" ")));
    assertThat(first().holders())
        .extracting(Holder::pid)
        .containsExactlyElementsOf(LongStream.range(1000, 1200).boxed().toList());
  }

  @Test
  @DisplayName("fault 28: recovery action 1")
  void fault_28_a_gpu_that_asks_for_a_reset_is_quarantined() throws Exception {
    stub.answers("0.action=1");
    assertThat(judge())
        .isEqualTo(new Quarantine("GPU-0", "GPU 0 (GPU-0) needs recovery action 1, a reset"));
  }

  @Test
  @DisplayName("fault 28: remapping failed")
  void fault_28_a_gpu_whose_memory_cannot_be_mended_is_quarantined() throws Exception {
    stub.answers("0.failed=1");
    assertThat(judge()).isInstanceOf(Quarantine.class);
  }

  @Test
  @DisplayName("fault 28: Xid 79")
  void fault_28_a_gpu_that_fell_off_the_bus_is_quarantined() throws Exception {
    GpuLook before = look();
    stub.kernelSays(XID_79.formatted(200));
    assertThat(judge(before))
        .isEqualTo(
            new Quarantine("GPU-0", "Xid 79 of GPU 0000:61:00: GPU has fallen off the bus."));
    stub.answers("0.error=15");
    assertThat(judge(before))
        .isEqualTo(new Quarantine("GPU 0", "GPU 0 does not answer: it has fallen off the bus"));
    stub.answers("count=0");
    assertThat(judge(before))
        .isEqualTo(new Quarantine("GPU-0", "GPU 0 (GPU-0) is not there any more"));
  }

  @Test
  @DisplayName("fault 29: remapping pending")
  void fault_29_a_gpu_that_remaps_at_its_next_reset_may_be_used() throws Exception {
    stub.answers("0.pending=1");
    assertThat(judge())
        .isEqualTo(
            new RestartAllowed(
                "GPU-0", "GPU 0 (GPU-0) remaps a row of its memory at its next reset"));
  }

  @Test
  @DisplayName("fault 30: NVML hangs")
  void fault_30_a_driver_that_hangs_costs_only_the_probe() throws Exception {
    stub.answers("hang=procs");
    stub.kernelSays(XID_79.formatted(200));
    try (GpuWatch hasty = new GpuWatch(stub.settings())) {
      GpuLook look = look(hasty);
      assertThat(look)
          .isEqualTo(
              new GpuLook.Unknown(
                  "the driver did not answer within 3000 ms",
                  new KernelMessages(
                      200,
                      List.of(new Xid("0000:61:00", 79, "GPU has fallen off the bus.", 200)))));
      assertThat(probes()).isEmpty();
      // And the next one is asked anew.
      stub.answers();
      assertThat(look(watch)).isInstanceOf(GpuLook.Seen.class);
    }
  }

  @Test
  void one_process_sees_readings_change() throws Exception {
    stub.answers("0.used=1000");
    watch.watch(Duration.ofMillis(10), System::nanoTime, seen);
    awaitUsed(1000);
    List<Long> probe = probes();
    assertThat(probe).hasSize(1);
    stub.answers("0.used=2000");
    awaitUsed(2000);
    assertThat(first().usedBytes()).hasValue(2000); // whoever looks besides shares it
    stub.answers("0.used=30");
    awaitUsed(30);
    assertThat(probes()).isEqualTo(probe);
  }

  @Test
  void a_reading_is_dated_no_later_than_it_was_taken() throws Exception {
    watch.watch(Duration.ofMillis(10), System::nanoTime, seen);
    awaitUsed(0);
    stub.answers("0.used=5");
    long changedAt = System.nanoTime();
    awaitUsed(5);
    Patience.until("asked again", LONG, () -> seen.lastAskedAt() - changedAt > 0);
    assertThat(seen.usedBytesAskedAfter(changedAt)).containsOnly(5L);
  }

  @Test
  @DisplayName("fault 30: NVML hangs while it is watched")
  void fault_30_a_driver_that_hangs_for_a_while_is_watched_again() throws Exception {
    try (GpuWatch hasty = new GpuWatch(stub.settings(), Duration.ofSeconds(5))) {
      hasty.watch(Duration.ofMillis(10), System::nanoTime, seen);
      awaitUsed(0);
      stub.kernelSays(XID_79.formatted(200));
      stub.answers("hang=procs");
      GpuLook.Unknown silent = (GpuLook.Unknown) await(GpuLook.Unknown.class::isInstance);
      assertThat(silent.reason()).isEqualTo("the driver did not answer within 5000 ms");
      assertThat(silent.messages().xids()).extracting(Xid::number).containsExactly(79);
      stub.answers("0.used=7");
      awaitUsed(7);
      assertThat(probes()).hasSize(1);
    }
  }

  @Test
  void a_probe_that_dies_is_replaced() throws Exception {
    watch.watch(Duration.ofMillis(10), System::nanoTime, seen);
    awaitUsed(0);
    long dead = probes().getFirst();
    assertThat(ProcessHandle.of(dead).orElseThrow().destroyForcibly()).isTrue();
    stub.answers("0.used=7");
    awaitUsed(7);
    assertThat(probes()).hasSize(1).doesNotContain(dead);
  }

  @Test
  void a_gpu_that_waits_for_its_reset_is_not_held_open() throws Exception {
    stub.answers("0.action=1");
    assertThat(look()).isInstanceOf(GpuLook.Seen.class);
    assertThat(probes()).isEmpty();
  }

  @Test
  void no_probe_outlives_its_watch() throws Exception {
    stub.answers("hang=procs");
    watch.watch(Duration.ofMillis(10), System::nanoTime, seen);
    Patience.until("a probe hangs", LONG, () -> !probes().isEmpty());
    watch.close();
    assertThat(probes()).isEmpty();
  }

  @Test
  @DisplayName("fault 31: nothing to watch")
  void fault_31_without_a_driver_there_is_nothing_to_watch_until_there_is() throws Exception {
    Path later = directory.resolve("later.so");
    GpuSettings settings = new GpuSettings(later.toString(), directory.resolve("kmsg"));
    try (GpuWatch patient = new GpuWatch(settings, LONG)) {
      patient.watch(Duration.ofMillis(10), System::nanoTime, seen);
      assertThat(await(_ -> true)).isEqualTo(new GpuLook.NoGpu());
      assertThat(look(patient)).isEqualTo(new GpuLook.NoGpu());
      assertThat(probes()).isEmpty();
      assertThat(Thread.getAllStackTraces().keySet())
          .extracting(Thread::getName)
          .doesNotContain("gpu-watch");
      Files.copy(Path.of(stub.settings().library()), later);
      assertThat(look(patient)).isInstanceOf(GpuLook.Seen.class);
      awaitUsed(0);
    } finally {
      Files.deleteIfExists(later);
    }
  }

  @Test
  void whoever_asks_is_answered_also_when_nobody_looks_any_more() throws Exception {
    watch.close();
    assertThat(look()).isInstanceOf(GpuLook.Unknown.class);
  }

  @Test
  @DisplayName("fault 31: no NVML library")
  void fault_31_without_a_library_there_is_no_gpu_and_no_probe() throws Exception {
    GpuSettings none =
        new GpuSettings(directory.resolve("missing.so").toString(), directory.resolve("kmsg"));
    assertThat(none.plausible()).isFalse();
    try (GpuWatch blind = new GpuWatch(none)) {
      assertThat(look(blind)).isEqualTo(new GpuLook.NoGpu());
    }
  }

  @Test
  @DisplayName("fault 31: what is there is not NVML")
  void fault_31_a_library_that_cannot_be_loaded_is_none() throws Exception {
    GpuSettings wrong =
        new GpuSettings(directory.resolve("state").toString(), directory.resolve("kmsg"));
    try (GpuWatch blind = new GpuWatch(wrong, LONG)) {
      assertThat(look(blind)).isEqualTo(new GpuLook.NoGpu());
    }
  }

  @Test
  void a_library_that_cannot_start_says_why() throws Exception {
    stub.answers("init=9");
    assertThat(look())
        .isEqualTo(new GpuLook.Unknown("NVML cannot start: error 9", KernelMessages.NONE));
  }

  @Test
  @DisplayName("fault 32: GPU memory not released")
  void fault_32_a_gpu_that_the_dead_still_hold_is_busy() throws Exception {
    GpuLook before = look();
    stub.answers("0.used=42949672960", "0.procs=4711:42949672960");
    assertThat(GpuJudgement.of(look(), Optional.of(before), FIRST, Set.of(4711L, 4712L), Set.of()))
        .isEqualTo(
            new Busy("GPU-0", Set.of(4711L), "GPU 0 (GPU-0) is still held by processes [4711]"));
    stub.answers("0.used=42949672960");
    assertThat(judge(before))
        .isEqualTo(
            new Busy(
                "GPU-0",
                Set.of(),
                "GPU 0 (GPU-0) has 40960 MiB in use that no process holds, 0 MiB before"));
    stub.answers("0.used=1073741824");
    assertThat(judge(before)).isEqualTo(new Healthy());
  }

  @Test
  void the_default_library_is_the_drivers() {
    assertThat(GpuSettings.from(new Settings(Map.of())).library()).isEqualTo("libnvidia-ml.so.1");
  }

  /** What a watch has told of, so far. */
  private static final class Seen implements GpuWatch.Listener {
    private record Told(GpuLook look, long askedAt) {}

    private final Deque<Told> all = new ConcurrentLinkedDeque<>();

    @Override
    public void seen(GpuLook look, long askedAt) {
      all.add(new Told(look, askedAt));
    }

    Optional<GpuLook> last() {
      return Optional.ofNullable(all.peekLast()).map(Told::look);
    }

    long lastAskedAt() {
      return all.getLast().askedAt();
    }

    Set<Long> usedBytesAskedAfter(long moment) {
      return all.stream()
          .filter(told -> told.askedAt() - moment > 0)
          .map(told -> used(told.look()))
          .collect(Collectors.toSet());
    }
  }

  private GpuLook await(Predicate<GpuLook> wanted) {
    Patience.until("it is seen", LONG, () -> seen.last().filter(wanted).isPresent());
    return seen.last().orElseThrow();
  }

  private void awaitUsed(long bytes) {
    await(look -> used(look) == bytes);
  }

  private static long used(GpuLook look) {
    return look instanceof GpuLook.Seen all ? all.gpus().getFirst().usedBytes().orElse(-1) : -1;
  }

  private static List<Long> probes() {
    return StubLibrary.probesOf(ProcessHandle.current()).stream().map(ProcessHandle::pid).toList();
  }

  private GpuJudgement judge() throws Exception {
    return GpuJudgement.of(look(), Optional.empty(), FIRST, Set.of(), Set.of());
  }

  private GpuJudgement judge(GpuLook before) throws Exception {
    return GpuJudgement.of(look(), Optional.of(before), FIRST, Set.of(), Set.of());
  }

  private Gpu first() throws Exception {
    return ((GpuLook.Seen) look()).gpus().getFirst();
  }

  private GpuLook look() throws Exception {
    return look(watch);
  }

  private static GpuLook look(GpuWatch watch) throws Exception {
    BlockingQueue<GpuLook> answers = new ArrayBlockingQueue<>(1);
    watch.look(answers::add);
    GpuLook look = answers.poll(LONG.toSeconds(), TimeUnit.SECONDS);
    assertThat(look).as("an answer").isNotNull();
    return look;
  }
}
