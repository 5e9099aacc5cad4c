package dev.stoker.watchdog.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What this process may run, and as whom. */
final class Program {

  private static final int ROOT = 0;
  private static final int UNKNOWN = -1;
  private static final int PATIENCE_SECONDS = 5;

  private Program() {}

  /** A program of the PATH; empty if there is none of this name. */
  static Optional<String> find(String name) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  /** Whether a command ends well, and soon; it says nothing. */
  static boolean succeeds(List<String> words) {
    Process process;
    try {
      process =
          new ProcessBuilder(words)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      return false;
    }
    try {
      return process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      process.destroyForcibly();
    }
  }

  static boolean runsAsRoot() {
    return user() == ROOT;
  }

  /** The number of the user who this process runs as. */
  static int user() {
    return ownerOf(Path.of("/proc/self"));
  }

  /** The number of the user who owns a file or process, or -1. */
  static int ownerOf(Path file) {
    try {
      return (int) Files.getAttribute(file, "unix:uid");
    } catch (IOException | UnsupportedOperationException e) {
      return UNKNOWN;
    }
  }
}
