package dev.stoker.watchdog.gpu;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A library in the place of NVIDIA's, whose answers are the lines of a file. */
public final class StubLibrary {

  private final Path directory;

  private StubLibrary(Path directory) {
    this.directory = directory;
  }

  /** Where a compiler is, if there is one. */
  public static Optional<Path> compiler() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
        .flatMap(entry -> Stream.of(Path.of(entry, "cc"), Path.of(entry, "gcc")))
        .filter(Files::isExecutable)
        .findFirst();
  }

  public static StubLibrary compile(Path directory) throws IOException, InterruptedException {
    Path source = directory.resolve("nvml_stub.c");
    try (InputStream stored = StubLibrary.class.getResourceAsStream("/gpu/nvml_stub.c")) {
      Files.copy(stored, source);
    }
    // The path is made part of the library: a probe's environment is the watchdog's.
    Process compiler =
        new ProcessBuilder(
                compiler().orElseThrow().toString(),
                "-shared",
                "-fPIC",
                "-O1",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-DSTATE=\"" + directory.resolve("state") + "\"",
                "-o",
                directory.resolve("libnvidia-ml.so.1").toString(),
                source.toString())
            .inheritIO()
            .start();
    assertThat(compiler.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(compiler.exitValue()).isZero();
    StubLibrary stub = new StubLibrary(directory);
    stub.answers();
    stub.kernelSays();
    return stub;
  }

  /** The probes that a process has started and that live. */
  public static List<ProcessHandle> probesOf(ProcessHandle watchdog) {
    return watchdog.children().filter(StubLibrary::isProbe).toList();
  }

  /** The JDK shows only the beginning of a command that names many files; a zombie has none. */
  private static boolean isProbe(ProcessHandle child) {
    try {
      return Files.readString(Path.of("/proc/" + child.pid() + "/cmdline"), ISO_8859_1)
          .contains(GpuProbe.class.getName());
    } catch (IOException e) {
      return false; // it has just ended
    }
  }

  public GpuSettings settings() {
    return new GpuSettings(
        directory.resolve("libnvidia-ml.so.1").toString(), directory.resolve("kmsg"));
  }

  /** Lines such as {@code 0.used=1024}. */
  public void answers(String... lines) throws IOException {
    write("state", lines);
  }

  /** Records of the kernel's log. */
  public void kernelSays(String... records) throws IOException {
    write("kmsg", records);
  }

  /** At once: a probe may be reading it. */
  private void write(String file, String... lines) throws IOException {
    Path draft = Files.write(directory.resolve(file + ".draft"), List.of(lines));
    Files.move(draft, directory.resolve(file), StandardCopyOption.ATOMIC_MOVE);
  }
}
