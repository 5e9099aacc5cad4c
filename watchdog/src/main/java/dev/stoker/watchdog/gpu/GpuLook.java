package dev.stoker.watchdog.gpu;

import java.util.List;

/** What one look at the GPUs of this host has shown. */
public sealed interface GpuLook {

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
