package dev.stoker.worker.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How much memory there is, as Linux tells. */
final class ProcessMemory {
  private static final Path HOST = Path.of("/proc/meminfo");
  private static final Path SELF = Path.of("/proc/self/status");
  private static final Pattern AVAILABLE = Pattern.compile("(?m)^MemAvailable:\\s+(\\d+) kB$");
  private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB$");

  private ProcessMemory() {}

  /** Bytes that a new process could have; empty if the kernel does not say. */
  static OptionalLong availableBytes() {
    return read(HOST, AVAILABLE);
  }

  /** Bytes that this process has in memory; empty if the kernel does not say. */
  static OptionalLong residentBytes() {
    return read(SELF, RESIDENT);
  }

  private static OptionalLong read(Path file, Pattern line) {
    try {
      Matcher matcher = line.matcher(Files.readString(file));
      return matcher.find()
          ? OptionalLong.of(Long.parseLong(matcher.group(1)) << 10)
          : OptionalLong.empty();
    } catch (IOException _) {
      return OptionalLong.empty();
    }
  }
}
