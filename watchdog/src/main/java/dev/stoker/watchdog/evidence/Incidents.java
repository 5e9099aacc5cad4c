package dev.stoker.watchdog.evidence;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A directory for each worker that was killed or died, the newest only. */
public final class Incidents {

  private static final int KEPT_MAX = 50;
  private static final DateTimeFormatter MOMENT =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);
  private static final Pattern NAME = Pattern.compile("\\d{8}T\\d{6}\\.\\d{3}Z-worker-\\d+-\\d+");

  private final Path directory;
  private final InstantSource clock;

  /**
   * @param data the directory of the installation's data
   * @param clock gives the directories their names, and nothing else
   */
  public Incidents(Path data, InstantSource clock) {
    this.directory = data.resolve("incidents");
    this.clock = clock;
  }

  /** A directory of its own for one incident; the oldest ones make room for it. */
  Path open(int slot, long incarnation) throws IOException {
    Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    makeRoom();
    return Files.createDirectories(
        directory.resolve(MOMENT.format(clock.instant()) + "-worker-" + slot + "-" + incarnation));
  }

  private void makeRoom() throws IOException {
    List<Path> newestFirst;
    try (Stream<Path> incidents = Files.list(directory)) {
      newestFirst =
          incidents
              .filter(incident -> NAME.matcher(incident.getFileName().toString()).matches())
              .sorted(Comparator.reverseOrder())
              .toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    for (Path incident : newestFirst.stream().skip(KEPT_MAX - 1).toList()) {
      remove(incident);
    }
  }

  private static void remove(Path incident) throws IOException {
    List<Path> files;
    try (Stream<Path> listed = Files.list(incident)) {
      files = listed.toList();
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
    Files.deleteIfExists(incident);
  }
}
