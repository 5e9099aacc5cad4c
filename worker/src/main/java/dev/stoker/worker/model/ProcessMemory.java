package dev.stoker.worker.model;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
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

  /** glibc's allocator keeps what was freed, for later, unless it is told not to. */
  private interface Allocator extends Library {
    int malloc_trim(NativeLong pad);
  }

  /** Bytes that a new process could have; empty if the kernel does not say. */
  static OptionalLong availableBytes() {
    return read(HOST, AVAILABLE);
  }

  /** Bytes that this process has in memory beside its Java heap; 0 if the kernel does not say. */
  static long nativeBytes() {
    return Math.max(0, read(SELF, RESIDENT).orElse(0) - Runtime.getRuntime().totalMemory());
  }

  /** Gives back to the machine what native code has freed. */
  static void trim() {
    Native.load("c", Allocator.class).malloc_trim(new NativeLong(0, true));
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
