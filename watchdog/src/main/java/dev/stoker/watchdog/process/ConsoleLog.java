package dev.stoker.watchdog.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;

/** What a worker has printed since it was started; last words above all. */
public record ConsoleLog(Path file) {

  private static final int TAIL_BYTES_MAX = 8 * 1024;

  /** The last lines; empty if there are none, or nobody can read them. */
  public List<String> tail(int linesMax) {
    try (RandomAccessFile log = new RandomAccessFile(file.toFile(), "r")) {
      long start = Math.max(0, log.length() - TAIL_BYTES_MAX);
      byte[] bytes = new byte[(int) (log.length() - start)];
      log.seek(start);
      log.readFully(bytes);
      // PostgreSQL takes no NUL in a text.
      List<String> lines =
          new String(bytes, UTF_8)
              .replace('\0', ' ')
              .lines()
              .filter(line -> !line.isBlank())
              .toList();
      return lines.subList(Math.max(0, lines.size() - linesMax), lines.size());
    } catch (IOException e) {
      return List.of();
    }
  }
}
