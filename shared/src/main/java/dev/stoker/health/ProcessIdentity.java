package dev.stoker.health;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Which process, beyond doubt: a pid alone is used again.
 *
 * @param startTicks field 22 of {@code /proc/PID/stat}
 * @param bootId the kernel's {@code /proc/sys/kernel/random/boot_id}
 */
public record ProcessIdentity(long pid, long startTicks, String bootId) {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  /** Fields after the command's closing bracket; the command itself may contain anything. */
  private static final int START_TICKS_AFTER_COMMAND = 19;

  public static ProcessIdentity ofThisProcess() {
    return ofPid(ProcessHandle.current().pid())
        .orElseThrow(() -> new IllegalStateException("this process is not in /proc"));
  }

  /** The process that has a pid now; empty when there is none. */
  public static Optional<ProcessIdentity> ofPid(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return Optional.of(
          new ProcessIdentity(
              pid,
              Long.parseLong(fields[START_TICKS_AFTER_COMMAND]),
              Files.readString(BOOT_ID).strip()));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      // A process that ends while it is read gives "No such process".
      if (Files.exists(Path.of("/proc", Long.toString(pid)))) {
        throw new UncheckedIOException(e);
      }
      return Optional.empty();
    }
  }
}
