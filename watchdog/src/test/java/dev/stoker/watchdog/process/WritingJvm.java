package dev.stoker.watchdog.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A JVM one thread of which, not its first, writes to a file. */
public final class WritingJvm {

  private WritingJvm() {}

  /**
   * @param arguments the file
   */
  public static void main(String[] arguments) throws IOException {
    Files.writeString(Path.of(arguments[0]), "written");
  }
}
