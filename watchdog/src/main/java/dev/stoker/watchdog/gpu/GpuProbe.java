package dev.stoker.watchdog.gpu;

import java.nio.file.Path;
import java.util.List;

/**
 * A process of its own that looks at the GPUs once and prints what it has seen, a line for the
 * kernel's log and a line for NVML. It may hang: then it is killed, and its first line is all there
 * is.
 */
final class GpuProbe {

  private GpuProbe() {}

  /**
   * @param arguments the library, and the kernel's log
   */
  public static void main(String[] arguments) {
    print(GpuJson.write(KernelLog.read(Path.of(arguments[1]))));
    print(look(arguments[0]));
    Runtime.getRuntime().halt(0); // the library's own clean-up may hang
  }

  private static String look(String library) {
    Nvml nvml;
    try {
      nvml = new Nvml(library);
    } catch (UnsatisfiedLinkError e) {
      return GpuJson.noLibrary();
    }
    int error = nvml.initialise();
    if (error != 0) {
      return GpuJson.failure("NVML cannot start: error " + error);
    }
    try {
      List<Gpu> gpus = nvml.gpus();
      return GpuJson.write(gpus);
    } catch (RuntimeException e) {
      return GpuJson.failure(String.valueOf(e.getMessage()));
    }
  }

  private static void print(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
