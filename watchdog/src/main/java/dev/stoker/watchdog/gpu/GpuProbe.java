package dev.stoker.watchdog.gpu;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A process of its own that looks at the GPUs whenever it reads a byte, and prints what it has
 * seen: a line for the kernel's log and a line for NVML. It may hang: then it is killed, and the
 * first of the lines is all there is. It ends when nobody is left to ask it, also while it hangs,
 * and when NVML fails: another process may find it well again.
 */
final class GpuProbe {

  private final String library;
  private final Path kernelLog;
  private Optional<Nvml> nvml = Optional.empty();

  private GpuProbe(String library, Path kernelLog) {
    this.library = library;
    this.kernelLog = kernelLog;
  }

  /**
   * @param arguments the library, and the kernel's log
   */
  public static void main(String[] arguments) throws IOException {
    GpuProbe probe = new GpuProbe(arguments[0], Path.of(arguments[1]));
    ExecutorService driver =
        Executors.newSingleThreadExecutor(Thread.ofPlatform().name("driver").factory());
    while (System.in.read() >= 0) {
      driver.execute(probe::look);
    }
    end();
  }

  private void look() {
    print(GpuJson.write(KernelLog.read(kernelLog)));
    String failure;
    try {
      List<Gpu> gpus = opened().gpus();
      print(GpuJson.write(gpus));
      return;
    } catch (UnsatisfiedLinkError e) {
      failure = GpuJson.noLibrary();
    } catch (RuntimeException | Error e) {
      failure = GpuJson.failure(String.valueOf(e.getMessage()));
    }
    print(failure);
    end();
  }

  private Nvml opened() {
    if (nvml.isEmpty()) {
      nvml = Optional.of(new Nvml(library));
      int error = nvml.get().initialise();
      if (error != 0) {
        throw new IllegalStateException("NVML cannot start: error " + error);
      }
    }
    return nvml.get();
  }

  /** The library's own clean-up may hang. */
  private static void end() {
    Runtime.getRuntime().halt(0);
  }

  private static void print(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
