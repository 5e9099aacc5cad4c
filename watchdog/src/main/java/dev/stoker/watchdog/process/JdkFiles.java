package dev.stoker.watchdog.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Which JDK lay in a directory at one moment. A running JVM whose files were replaced can start no
 * process any more: the two halves of its launcher do not fit.
 *
 * @param release its description; empty if it cannot be read
 */
record JdkFiles(Path home, Optional<String> release) {

  static JdkFiles of(Path home) {
    return new JdkFiles(home, describe(home));
  }

  boolean replaced() {
    return !release.equals(describe(home));
  }

  private static Optional<String> describe(Path home) {
    try {
      Path release = home.resolve("release");
      Path starter = home.resolve("lib").resolve("jspawnhelper");
      return Optional.of(
          Files.readString(release)
              + Files.getLastModifiedTime(release)
              + Files.getLastModifiedTime(starter));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
