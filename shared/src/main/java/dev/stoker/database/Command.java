package dev.stoker.database;

import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Runs one external command to its end, within bounds. Its output goes to a file, not through a
 * pipe: a server that the command leaves behind would keep the pipe open, and us waiting.
 */
final class Command {

  /** How a command ended, and what it printed. */
  record Result(int exitCode, String output) {
    boolean succeeded() {
      return exitCode == 0;
    }
  }

  /** A clean one: nothing of ours, secrets included, is for a server that outlives us. */
  private static final Map<String, String> ENVIRONMENT =
      Map.of("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL", "C", "TZ", "UTC");

  private Command() {}

  /** Runs a command and reads what it printed. */
  static Result run(List<String> words, Duration timeout) throws IOException {
    Path output = Files.createTempFile("stoker-command", ".out");
    try {
      int exitCode = run(words, timeout, output);
      return new Result(exitCode, Files.readString(output, Charset.defaultCharset()).strip());
    } finally {
      Files.deleteIfExists(output);
    }
  }

  /** Runs a command whose output, and that of what it leaves running, is appended to a file. */
  static int run(List<String> words, Duration timeout, Path output) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.environment().clear();
    builder.environment().putAll(ENVIRONMENT);
    builder
        .directory(new File("/")) // ours may be closed to the account that runs the command
        .redirectInput(new File("/dev/null"))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
    Process process = builder.start();
    try {
      if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new EmbeddedPostgresFailed(
            "%s did not end within %d s.".formatted(words, timeout.toSeconds()));
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddedPostgresFailed("Interrupted while running " + words + ".", e);
    } finally {
      process.destroyForcibly(); // nothing to do if it has ended
    }
  }
}
