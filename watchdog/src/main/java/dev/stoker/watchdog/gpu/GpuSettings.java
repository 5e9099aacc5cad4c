package dev.stoker.watchdog.gpu;

import dev.stoker.settings.Settings;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How GPUs are asked.
 *
 * @param library NVIDIA's management library: a name that the system resolves, or a file
 * @param kernelLog in the format of {@code /dev/kmsg}
 */
public record GpuSettings(String library, Path kernelLog) {

  private static final Path KERNEL_LOG = Path.of("/dev/kmsg");

  public static GpuSettings from(Settings settings) {
    return new GpuSettings(
        settings.text(
            "STOKER_NVML_LIBRARY",
            "libnvidia-ml.so.1",
            "the library that NVIDIA's driver is asked through: a name, or the path of another"),
        KERNEL_LOG);
  }

  /** Whether there can be a GPU, found without asking a driver. */
  boolean plausible() {
    return library.contains("/")
        ? Files.exists(Path.of(library))
        : Files.exists(Path.of("/dev/nvidiactl"))
            || Files.exists(Path.of("/proc/driver/nvidia/version"));
  }
}
