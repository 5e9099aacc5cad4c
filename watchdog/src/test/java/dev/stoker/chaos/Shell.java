package dev.stoker.chaos;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs small commands to their end. */
final class Shell {
  private Shell() {}

  /** False too if there is no such command, or it takes too long. */
  static boolean succeeds(Duration patience, List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectInput(Path.of("/dev/null").toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        return false;
      }
      return process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  static void signal(long pid, String signal) {
    succeeds(Duration.ofSeconds(5), List.of("kill", "-" + signal, Long.toString(pid)));
  }
}
