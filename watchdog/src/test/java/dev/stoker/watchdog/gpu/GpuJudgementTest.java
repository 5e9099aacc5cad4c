package dev.stoker.watchdog.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.GpuPin;
import dev.stoker.watchdog.gpu.Gpu.Holder;
import dev.stoker.watchdog.gpu.GpuJudgement.Busy;
import dev.stoker.watchdog.gpu.GpuJudgement.Healthy;
import dev.stoker.watchdog.gpu.GpuJudgement.Quarantine;
import dev.stoker.watchdog.gpu.GpuJudgement.RestartAllowed;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GpuJudgementTest {
  private static final long GIB = 1L << 30;
  private static final long MINUTE = 60_000_000;
  private static final long SPAWN = 1000 * MINUTE;
  private static final GpuPin ALL = GpuPin.of("");

  @DisplayName("faults 28 and 29: what each error of the driver means")
  @ParameterizedTest(name = "Xid {0}, recovery action {1}, {2} GPUs: {3}")
  @CsvSource({
    "13,0,1,Healthy",
    "31,0,1,Healthy",
    "32,0,1,Healthy",
    "68,0,1,Healthy",
    "69,0,1,Healthy",
    "43,0,1,Healthy",
    "45,0,1,Healthy",
    "92,0,1,Healthy",
    "1,0,1,Healthy",
    "154,0,1,Healthy",
    "48,0,1,RestartAllowed",
    "48,1,1,Quarantine",
    "48,-,1,Quarantine",
    "63,0,1,RestartAllowed",
    "94,0,1,RestartAllowed",
    "63,2,1,Quarantine",
    "64,0,1,Quarantine",
    "79,0,1,Quarantine",
    "79,-,1,Quarantine",
    "95,0,1,Quarantine",
    "74,0,1,Healthy",
    "74,1,1,Quarantine",
    "74,0,2,Quarantine",
    "46,0,1,Quarantine",
    "62,0,1,Quarantine",
    "109,0,1,Quarantine",
    "110,0,1,Quarantine",
    "119,0,1,Quarantine",
    "120,0,1,Quarantine",
    "136,0,1,Quarantine",
    "140,0,1,Quarantine",
    "143,0,1,Quarantine",
    "155,0,1,Quarantine",
    "156,0,1,Quarantine",
    "158,0,1,Quarantine",
  })
  void each_error_has_its_meaning(int xid, String action, int gpus, String judgement) {
    OptionalLong recovery =
        action.equals("-") ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(action));
    List<Gpu> seen =
        List.of(new Stub(0).action(recovery).gpu(), new Stub(1).action(recovery).gpu())
            .subList(0, gpus);
    assertThat(judge(seen, xid(0, xid, SPAWN + 1)).getClass().getSimpleName()).isEqualTo(judgement);
  }

  @ParameterizedTest(name = "at minutes {0}, {1} and {2}: {3}")
  @CsvSource({
    "1,2,3,Quarantine",
    "1,30,60,Quarantine",
    "1,30,61,Healthy",
    "-90,1,2,Healthy",
    "-50,-40,1,Quarantine",
    "-3,-2,-1,Healthy"
  })
  void programs_that_fail_three_times_in_an_hour_are_not_to_blame(
      long first, long second, long third, String judgement) {
    assertThat(
            judge(
                    List.of(new Stub(0).gpu()),
                    xid(0, 13, SPAWN + first * MINUTE),
                    xid(0, 31, SPAWN + second * MINUTE),
                    xid(0, 69, SPAWN + third * MINUTE))
                .getClass()
                .getSimpleName())
        .isEqualTo(judgement);
  }

  @Test
  void three_errors_of_two_gpus_are_not_three_of_one() {
    assertThat(
            judge(
                List.of(new Stub(0).gpu(), new Stub(1).gpu()),
                xid(0, 13, SPAWN + 1),
                xid(1, 13, SPAWN + 2),
                xid(0, 13, SPAWN + 3)))
        .isEqualTo(new Healthy());
  }

  @Test
  void an_error_from_before_the_worker_is_not_its_own() {
    assertThat(judge(List.of(new Stub(0).gpu()), xid(0, 79, SPAWN))).isEqualTo(new Healthy());
  }

  @ParameterizedTest(name = "pinned to \"{0}\": {1}")
  @CsvSource({
    "'',Quarantine", "0,Healthy", "1,Quarantine", "'0,1',Quarantine", "GPU-0,Healthy",
    "GPU-1,Quarantine", "' 1 ',Quarantine", "'0,GPU-1',Quarantine", "7,Healthy", "10,Healthy"
  })
  void only_its_own_gpus_are_judged(String pinned, String judgement) {
    List<Gpu> gpus = List.of(new Stub(0).gpu(), new Stub(1).action(OptionalLong.of(2)).gpu());
    assertThat(
            GpuJudgement.of(seen(gpus), Optional.empty(), GpuPin.of(pinned), Set.of(), Set.of())
                .getClass()
                .getSimpleName())
        .isEqualTo(judgement);
    assertThat(
            GpuJudgement.of(
                    seen(List.of(new Stub(0).gpu(), new Stub(1).gpu()), xid(1, 79, SPAWN + 1)),
                    Optional.of(seen(List.of())),
                    GpuPin.of(pinned.equals("7") || pinned.equals("10") ? "0" : pinned),
                    Set.of(),
                    Set.of())
                .getClass()
                .getSimpleName())
        .isEqualTo(judgement);
  }

  @Test
  void an_instance_of_a_gpu_is_judged_by_the_gpus_that_are_cut() {
    Gpu whole = new Stub(0).action(OptionalLong.of(2)).gpu();
    Gpu cut = new Stub(1).mig().action(OptionalLong.of(0)).gpu();
    GpuPin pin = GpuPin.of("MIG-8a7b");
    assertThat(
            GpuJudgement.of(seen(List.of(whole, cut)), Optional.empty(), pin, Set.of(), Set.of()))
        .isEqualTo(new Healthy());
  }

  @ParameterizedTest(name = "{0} GiB before, {1} GiB now, held by {2}: {3}")
  @CsvSource({
    "0,0,-,Healthy", "0,1,-,Healthy", "0,2,-,Busy", "10,11,-,Healthy", "10,12,-,Busy",
    "10,2,-,Healthy", "-,70,-,Healthy", "0,40,stranger,Busy", "0,1,stranger,Healthy",
        "-,40,stranger,Healthy",
    "0,40,sibling,Healthy", "0,40,ours,Busy", "-,0,ours,Busy"
  })
  @DisplayName("fault 32: memory that is still held")
  void fault_32_memory_is_free_or_it_is_not(
      String before, long now, String holder, String judgement) {
    Optional<GpuLook> baseline =
        before.equals("-")
            ? Optional.empty()
            : Optional.of(seen(List.of(new Stub(0).used(Long.parseLong(before) * GIB).gpu())));
    Stub stub = new Stub(0).used(now * GIB);
    switch (holder) {
      case "ours" -> stub.holder(4711);
      case "stranger" -> stub.holder(1);
      case "sibling" -> stub.holder(2);
      default -> {}
    }
    GpuJudgement judged =
        GpuJudgement.of(seen(List.of(stub.gpu())), baseline, ALL, Set.of(4711L, 4712L), Set.of(2L));
    assertThat(judged.getClass().getSimpleName()).isEqualTo(judgement);
    assertThat(judged instanceof Busy busy ? busy.holders() : Set.<Long>of())
        .isEqualTo(
            judgement.equals("Healthy") || holder.equals("-")
                ? Set.of()
                : Set.of(holder.equals("ours") ? 4711L : 1L));
  }

  @Test
  void who_was_there_before_the_worker_shares_the_gpu() {
    List<Gpu> before = List.of(new Stub(0).holder(1).gpu());
    assertThat(
            GpuJudgement.of(
                seen(List.of(new Stub(0).used(40 * GIB).holder(1).gpu())),
                Optional.of(seen(before)),
                ALL,
                Set.of(4711L),
                Set.of()))
        .isEqualTo(new Healthy());
  }

  @Test
  void a_broken_gpu_matters_more_than_a_busy_one() {
    assertThat(
            GpuJudgement.of(
                seen(List.of(new Stub(0).holder(4711).action(OptionalLong.of(2)).gpu())),
                Optional.empty(),
                ALL,
                Set.of(4711L),
                Set.of()))
        .isEqualTo(new Quarantine("GPU-0", "GPU 0 (GPU-0) needs recovery action 2, a reboot"));
  }

  @Test
  void where_there_is_no_gpu_there_is_nothing_to_judge() {
    assertThat(GpuJudgement.of(new GpuLook.NoGpu(), Optional.empty(), ALL, Set.of(1L), Set.of()))
        .isEqualTo(new Healthy());
  }

  @Test
  @DisplayName("fault 30: supervision goes on though the GPU cannot be asked")
  void fault_30_a_gpu_that_cannot_be_asked_is_judged_by_the_kernels_log_alone() {
    Optional<GpuLook> before = Optional.of(seen(List.of(new Stub(0).gpu(), new Stub(1).gpu())));
    GpuPin pin = GpuPin.of("0");
    assertThat(GpuJudgement.of(unknown(), before, pin, Set.of(), Set.of()))
        .isEqualTo(new RestartAllowed("", "the GPUs cannot be asked: it hangs"));
    assertThat(GpuJudgement.of(unknown(xid(1, 79, SPAWN + 1)), before, pin, Set.of(), Set.of()))
        .isInstanceOf(RestartAllowed.class);
    assertThat(GpuJudgement.of(unknown(xid(0, 79, SPAWN + 1)), before, pin, Set.of(), Set.of()))
        .isInstanceOf(Quarantine.class);
    assertThat(
            GpuJudgement.of(
                unknown(xid(1, 79, SPAWN + 1)), Optional.empty(), pin, Set.of(), Set.of()))
        .isInstanceOf(Quarantine.class);
  }

  private static GpuJudgement judge(List<Gpu> gpus, Xid... xids) {
    return GpuJudgement.of(seen(gpus, xids), Optional.of(seen(gpus)), ALL, Set.of(), Set.of());
  }

  private static GpuLook seen(List<Gpu> gpus, Xid... xids) {
    return new GpuLook.Seen(gpus, new KernelMessages(SPAWN, List.of(xids)));
  }

  private static GpuLook unknown(Xid... xids) {
    return new GpuLook.Unknown("it hangs", new KernelMessages(SPAWN, List.of(xids)));
  }

  private static Xid xid(int gpu, int number, long at) {
    return new Xid("0000:6" + gpu + ":00", number, "", at);
  }

  /** A healthy GPU, but for what is said of it. */
  private static final class Stub {
    private final int index;
    private OptionalLong used = OptionalLong.of(0);
    private OptionalLong action = OptionalLong.of(0);
    private boolean mig;
    private List<Holder> holders = List.of();

    Stub(int index) {
      this.index = index;
    }

    Stub used(long bytes) {
      used = OptionalLong.of(bytes);
      return this;
    }

    Stub action(OptionalLong wanted) {
      action = wanted;
      return this;
    }

    Stub mig() {
      mig = true;
      return this;
    }

    Stub holder(long pid) {
      holders = List.of(new Holder(pid, OptionalLong.empty()));
      return this;
    }

    Gpu gpu() {
      OptionalLong unknown = OptionalLong.empty();
      return new Gpu(
          index,
          "GPU-" + index,
          "Stub",
          "0000:6" + index + ":00",
          0,
          used,
          unknown,
          unknown,
          unknown,
          unknown,
          unknown,
          false,
          false,
          action,
          mig,
          holders);
    }
  }
}
