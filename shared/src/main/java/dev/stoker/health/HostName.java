package dev.stoker.health;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The name by which all processes of a machine call it. The kernel's: no resolver is asked. */
public final class HostName {
  private static final Path KERNEL = Path.of("/proc/sys/kernel/hostname");

  private HostName() {}

  public static String read() {
    try {
      return Files.readString(KERNEL).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
