package dev.stoker.watchdog.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a worker has printed since it was started, or written into its log; last words above all.
 */
public record ConsoleLog(Path file) {

  private static final int TAIL_BYTES_MAX = 8 * 1024;

  /** The last lines; empty if there are none, or nobody can read them. */
  public List<String> tail(int linesMax) {
    List<String> lines = end(TAIL_BYTES_MAX).lines().filter(line -> !line.isBlank()).toList();
    return lines.subList(Math.max(0, lines.size() - linesMax), lines.size());
  }

  /** Its last bytes as a text; empty if there are none, or nobody can read them. */
  public String end(int bytesMax) {
    return since(Math.max(0, length() - bytesMax), bytesMax);
  }

  /** What was added after it had that length, up to a number of bytes. */
  public String since(long length, int bytesMax) {
    try (RandomAccessFile log = new RandomAccessFile(file.toFile(), "r")) {
      byte[] bytes = new byte[Math.clamp(log.length() - length, 0, bytesMax)];
      log.seek(length);
      log.readFully(bytes);
      // PostgreSQL takes no NUL in a text.
      return new String(bytes, UTF_8).replace('\0', ' ');
    } catch (IOException e) {
      return "";
    }
  }

  /** In bytes; 0 if it is not there. */
  public long length() {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }
}
