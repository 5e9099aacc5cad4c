package dev.stoker.worker.engine.llama;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.testing.Until;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

/** The engine in a process of its own. */
final class LlamaEndTest {
  @TempDir private Path directory;
  private Process process;

  @AfterEach
  void end() {
    process.destroyForcibly();
  }

  @RepeatedTest(3)
  void a_process_told_to_end_while_requests_run_ends_at_once_and_without_a_crash()
      throws Exception {
    Path model = TinyGguf.write(directory.resolve("tiny.gguf"), 1);
    Path running = directory.resolve("running");
    process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:ErrorFile=" + directory.resolve("crash.log"),
                    "-cp",
                    System.getProperty("java.class.path"),
                    EndlessLlama.class.getName(),
                    model.toString(),
                    running.toString()))
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("console").toFile())
            .directory(directory.toFile())
            .start();
    Until.within(Duration.ofSeconds(20)).holds(() -> Files.exists(running) || !process.isAlive());

    process.destroy();

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(directory.resolve("console"))).isEqualTo(0);
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("tiny.gguf", "running", "console");
    }
  }
}
