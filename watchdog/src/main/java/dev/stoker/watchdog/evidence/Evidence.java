package dev.stoker.watchdog.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What was found out about a worker.
 *
 * @param text for a row in the database: below 16 KiB and without NUL
 * @param incident the directory that has all of it; empty if it could not be made
 * @param threads what each thread of it did, if it said so
 */
public record Evidence(String text, Optional<Path> incident, Optional<String> threads) {

  private static final int TEXT_BYTES_MAX = 16 * 1024 - 8;
  private static final int THREADS_BYTES_MAX = 256 * 1024;
  private static final long FILE_BYTES_MAX = 1024 * 1024;

  public Evidence {
    text = cut(text.replace('\0', ' '), TEXT_BYTES_MAX);
    threads = threads.map(dump -> cut(dump, THREADS_BYTES_MAX));
  }

  /**
   * What was written down, for whoever is sent it; no file above 1 MiB, since one that is sent is
   * in memory as a whole.
   */
  public List<Path> files() {
    if (incident.isEmpty()) {
      return List.of();
    }
    try (Stream<Path> found = Files.list(incident.get())) {
      return found.filter(Evidence::isSmall).sorted().toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static boolean isSmall(Path file) {
    return file.toFile().length() <= FILE_BYTES_MAX;
  }

  /** A letter that is cut in two shows as a question mark. */
  private static String cut(String text, int bytesMax) {
    byte[] bytes = text.getBytes(UTF_8);
    return bytes.length <= bytesMax ? text : new String(bytes, 0, bytesMax, UTF_8);
  }
}
