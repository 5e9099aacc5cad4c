package dev.stoker.watchdog.gpu;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What one look at the GPUs of this host has shown. */
public sealed interface GpuLook {

  /** The pids of all who compute on any GPU. */
  default Set<Long> holders() {
    return switch (this) {
      case NoGpu _, Unknown _ -> Set.of();
      case Seen seen ->
          seen.gpus().stream()
              .flatMap(gpu -> gpu.holders().stream())
              .map(Gpu.Holder::pid)
              .collect(Collectors.toSet());
    };
  }

  /** There is no driver here: nothing to look at, and nothing to judge. */
  record NoGpu() implements GpuLook {}

  /**
   * There should be GPUs, but they could not be asked.
   *
   * @param messages may be known all the same
   */
  record Unknown(String reason, KernelMessages messages) implements GpuLook {}

  record Seen(List<Gpu> gpus, KernelMessages messages) implements GpuLook {}
}
