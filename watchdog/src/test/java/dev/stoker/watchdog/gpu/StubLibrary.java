package dev.stoker.watchdog.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
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

  public GpuSettings settings() {
    return new GpuSettings(
        directory.resolve("libnvidia-ml.so.1").toString(), directory.resolve("kmsg"));
  }

  /** Lines such as {@code 0.used=1024}. */
  public void answers(String... lines) throws IOException {
    Files.write(directory.resolve("state"), List.of(lines));
  }

  /** Records of the kernel's log. */
  public void kernelSays(String... records) throws IOException {
    Files.write(directory.resolve("kmsg"), List.of(records));
  }
}
