package dev.stoker.watchdog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoker.health.GpuPin;
import dev.stoker.watchdog.gpu.GpuJudgement;
import dev.stoker.watchdog.gpu.GpuWatch;
import dev.stoker.watchdog.gpu.StubLibrary;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SlotGpuTest {

  private static final long PATIENCE_SECONDS = 60;

  @TempDir private Path directory;

  private StubLibrary stub;
  private GpuWatch watch;
  private SlotGpu gpu;

  @BeforeEach
  void open() throws Exception {
    assumeTrue(StubLibrary.compiler().isPresent(), "no C compiler to make the stub with");
    stub = StubLibrary.compile(directory);
    stub.answers();
    stub.kernelSays();
    watch = new GpuWatch(stub.settings(), Duration.ofSeconds(PATIENCE_SECONDS));
    gpu = new SlotGpu(watch, GpuPin.of("0"), Runnable::run);
  }

  @AfterEach
  void close() {
    if (watch != null) {
      watch.close();
    }
  }

  @Test
  void a_warning_is_given_once() throws Exception {
    stub.kernelSays("4,9,200,-;NVRM: Xid (PCI:0000:61:00): 63, row remapper");
    assertThat(check()).isInstanceOf(GpuJudgement.RestartAllowed.class);
    assertThat(check()).isEqualTo(new GpuJudgement.Healthy());
  }

  @Test
  void a_gpu_that_a_stranger_has_taken_is_busy_until_he_leaves() throws Exception {
    assertThat(check()).isEqualTo(new GpuJudgement.Healthy());
    long stranger = ProcessHandle.current().pid();
    stub.answers("0.used=42949672960", "0.procs=" + stranger + ":42949672960");
    assertThat(check())
        .isInstanceOf(GpuJudgement.Busy.class)
        .asString()
        .contains(Long.toString(stranger));
    stub.answers();
    assertThat(check()).isEqualTo(new GpuJudgement.Healthy());
  }

  @Test
  void the_worker_of_another_slot_shares_a_gpu_and_ones_own_does_not() throws Exception {
    assertThat(check()).isEqualTo(new GpuJudgement.Healthy());
    Process worker = worker("test/1");
    stub.answers("0.used=42949672960", "0.procs=" + worker.pid() + ":42949672960");
    assertThat(check()).isEqualTo(new GpuJudgement.Healthy());
    worker.destroyForcibly();
    SlotGpu other = new SlotGpu(watch, GpuPin.of("0"), Runnable::run);
    stub.answers();
    assertThat(check(other)).isEqualTo(new GpuJudgement.Healthy());
    Process escaped = worker("test/0");
    stub.answers("0.used=42949672960", "0.procs=" + escaped.pid() + ":42949672960");
    assertThat(check(other)).isInstanceOf(GpuJudgement.Busy.class);
    escaped.destroyForcibly();
  }

  private static Process worker(String name) throws IOException {
    ProcessBuilder builder = new ProcessBuilder("sleep", "60");
    builder.environment().put("STOKER_WORKER_NAME", name);
    return builder.start();
  }

  private GpuJudgement check() throws Exception {
    return check(gpu);
  }

  private static GpuJudgement check(SlotGpu gpu) throws Exception {
    BlockingQueue<GpuJudgement> answers = new ArrayBlockingQueue<>(1);
    gpu.check("test/0", Set.of(4711L), answers::add);
    GpuJudgement judgement = answers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(judgement).as("an answer").isNotNull();
    return judgement;
  }
}
