package dev.stoker.watchdog;

import dev.stoker.watchdog.gpu.GpuJudgement;
import dev.stoker.watchdog.gpu.GpuLook;
import dev.stoker.watchdog.gpu.GpuPin;
import dev.stoker.watchdog.gpu.GpuWatch;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** The GPUs of one slot, if it has any. Used by the supervision's thread alone. */
final class SlotGpu {

  private final GpuWatch watch;
  private final GpuPin pin;
  private final Executor supervision;
  private Optional<GpuLook> baseline = Optional.empty();

  /**
   * @param supervision where answers are given
   */
  SlotGpu(GpuWatch watch, GpuPin pin, Executor supervision) {
    this.watch = watch;
    this.pin = pin;
    this.supervision = supervision;
  }

  /**
   * Asks whether a worker may be started.
   *
   * @param predecessor the pid of the one before it
   */
  void check(Optional<Long> predecessor, Consumer<GpuJudgement> answered) {
    List<Long> ours = predecessor.stream().toList();
    watch.look(look -> supervision.execute(() -> answered.accept(judge(look, ours))));
  }

  /** A person has looked: what went wrong so far is no reason any more. */
  void forgive() {
    watch.look(look -> supervision.execute(() -> baseline = Optional.of(look)));
  }

  private GpuJudgement judge(GpuLook look, List<Long> ours) {
    GpuJudgement judgement = GpuJudgement.of(look, baseline, pin, ours);
    if (judgement instanceof GpuJudgement.Healthy) {
      baseline = Optional.of(look);
    }
    return judgement;
  }
}
