package dev.stoker.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The wall clock of the installation's processes, by way of a small library that is loaded into
 * them; where no C compiler is, it cannot be set.
 */
final class WallClock {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Path library;
  private final Path file;
  private final boolean settable;

  WallClock(Path directory) throws IOException {
    this.library = directory.resolve("clock.so");
    this.file = directory.resolve("clock");
    Path source = directory.resolve("clock.c");
    try (InputStream in = WallClock.class.getResourceAsStream("/chaos/clock.c")) {
      Files.copy(in, source);
    }
    this.settable =
        Shell.succeeds(
            PATIENCE,
            List.of("cc", "-O2", "-shared", "-fPIC", "-o", "" + library, "" + source, "-ldl"));
    set(Duration.ZERO);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
  }

  boolean isSettable() {
    return settable;
  }

  /** How far the clock is ahead of the machine's; negative: behind. */
  void set(Duration ahead) throws IOException {
    ByteBuffer seconds =
        ByteBuffer.allocate(Long.BYTES)
            .order(ByteOrder.nativeOrder())
            .putLong(ahead.toSeconds())
            .flip();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(seconds, 0);
    }
  }

  /** What a process must be started with to have this clock. */
  Map<String, String> environment() {
    return settable ? Map.of("LD_PRELOAD", "" + library, "CHAOS_CLOCK", "" + file) : Map.of();
  }
}
