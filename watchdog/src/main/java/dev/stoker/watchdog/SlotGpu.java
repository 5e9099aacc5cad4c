package dev.stoker.watchdog;

import dev.stoker.health.GpuPin;
import dev.stoker.watchdog.gpu.Gpu;
import dev.stoker.watchdog.gpu.GpuJudgement;
import dev.stoker.watchdog.gpu.GpuLook;
import dev.stoker.watchdog.gpu.GpuWatch;
import dev.stoker.watchdog.process.ProcessTable;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** The GPUs of one slot, if it has any. Used by the supervision's thread alone. */
final class SlotGpu {

  private final GpuWatch watch;
  private final GpuPin pin;
  private final Executor supervision;
  private Optional<GpuLook> baseline = Optional.empty();
  private boolean judged;

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
   * @param worker its name
   * @param ours pids of the one before it and of all that it had started
   */
  void check(String worker, Collection<Long> ours, Consumer<GpuJudgement> answered) {
    watch.look(
        look -> {
          Set<Long> siblings = siblings(look, worker);
          supervision.execute(() -> answered.accept(judge(look, ours, siblings)));
        });
  }

  /** A person has looked: what went wrong so far is no reason any more. */
  void forgive() {
    watch.look(look -> supervision.execute(() -> remember(look)));
  }

  /** Whether its worker may use a GPU, and it is known what is not to be held against that. */
  boolean answersFor(Gpu gpu) {
    return judged && pin.covers(gpu.index(), gpu.uuid(), gpu.mig());
  }

  /** Why a GPU is of no use to it, if it is one of its own. */
  Optional<String> fault(GpuLook look, Gpu gpu) {
    return answersFor(gpu)
        ? GpuJudgement.fault(look, baseline, GpuPin.ofIndex(gpu.index()))
        : Optional.empty();
  }

  /** Why its GPUs are of no use to it together, or since one is missing. */
  Optional<String> fault(GpuLook look) {
    return judged ? GpuJudgement.fault(look, baseline, pin) : Optional.empty();
  }

  private GpuJudgement judge(GpuLook look, Collection<Long> ours, Set<Long> siblings) {
    GpuJudgement judgement = GpuJudgement.of(look, baseline, pin, ours, siblings);
    judged = true;
    boolean starts =
        switch (judgement) {
          case GpuJudgement.Healthy _, GpuJudgement.RestartAllowed _ -> true;
          case GpuJudgement.Quarantine _, GpuJudgement.Busy _ -> false;
        };
    if (starts) {
      remember(look); // also after a warning, which is not to be given again
    }
    return judgement;
  }

  /** Workers of other slots may share a GPU. */
  private static Set<Long> siblings(GpuLook look, String worker) {
    return look.holders().stream()
        .filter(pid -> ProcessTable.workerOf(pid).filter(name -> !name.equals(worker)).isPresent())
        .collect(Collectors.toSet());
  }

  /** A look that saw nothing is worth less than an older one. */
  private void remember(GpuLook look) {
    judged = true;
    if (!(look instanceof GpuLook.Unknown)) {
      baseline = Optional.of(look);
    }
  }
}
