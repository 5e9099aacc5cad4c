package dev.stoker.watchdog.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** What this process may run, and as whom. */
final class Program {

  private static final int ROOT = 0;
  private static final int UNKNOWN = -1;

  private Program() {}

  /** A program of the PATH; empty if there is none of this name. */
  static Optional<String> find(String name) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
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
