package dev.stoker.database;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * The log of the server, as of one start.
 *
 * @param start where in the file this start begins
 */
record ServerLog(Path file, long start) {

  private static final long SIZE_MAX = 10L << 20;
  private static final int TAIL_BYTES_MAX = 1 << 16;
  private static final int TAIL_LINES_MAX = 15;

  /** A log for the start to come; sets a long one of earlier starts aside. */
  static ServerLog begin(Path directory) throws IOException {
    Files.createDirectories(directory);
    Path file = directory.resolve("postgres.log");
    long size = Files.exists(file) ? Files.size(file) : 0;
    if (size > SIZE_MAX) {
      Files.move(file, directory.resolve("postgres.log.1"), StandardCopyOption.REPLACE_EXISTING);
      size = 0;
    }
    return new ServerLog(file, size);
  }

  /** The last lines since the start. */
  String tail() throws IOException {
    if (!Files.exists(file)) {
      return "";
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long from = Math.max(start, channel.size() - TAIL_BYTES_MAX);
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.max(0, channel.size() - from));
      channel.read(bytes, from);
      List<String> lines =
          StandardCharsets.UTF_8.decode(bytes.flip()).toString().strip().lines().toList();
      return String.join(
          "\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES_MAX), lines.size()));
    }
  }
}
