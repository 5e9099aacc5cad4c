package dev.stoker.watchdog.gpu;

import dev.stoker.health.GpuPin;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;

/** Whether a worker may be started on its GPUs, after its predecessor's death. */
public sealed interface GpuJudgement {

  /** Nothing speaks against it. */
  record Healthy() implements GpuJudgement {}

  /**
   * It may be started, but people should hear of this.
   *
   * @param gpu its UUID, or what is known of it
   */
  record RestartAllowed(String gpu, String warning) implements GpuJudgement {}

  /**
   * Nothing is to be started there until a person says so.
   *
   * @param gpu its UUID, or what is known of it
   */
  record Quarantine(String gpu, String reason) implements GpuJudgement {}

  /**
   * Its memory is not free.
   *
   * @param holders pids of the dead worker's processes that still compute, or else of strangers;
   *     may be empty
   */
  record Busy(String gpu, Set<Long> holders, String reason) implements GpuJudgement {}

  /**
   * @param baseline what was seen before the worker was started, if anything was: errors in the
   *     kernel's log up to there are not its own
   * @param ours pids of the dead worker and of all that it had started
   * @param siblings pids of processes that share the GPUs by right
   */
  static GpuJudgement of(
      GpuLook look,
      Optional<GpuLook> baseline,
      GpuPin pin,
      Collection<Long> ours,
      Collection<Long> siblings) {
    return GpuCatalogue.judge(look, baseline, pin, ours, siblings);
  }

  /** Why no worker could be started there until a person says so, whoever works there now. */
  static Optional<String> fault(GpuLook look, Optional<GpuLook> baseline, GpuPin pin) {
    return of(look, baseline, pin, Set.of(), Set.of()) instanceof Quarantine broken
        ? Optional.of(broken.reason())
        : Optional.empty();
  }
}
