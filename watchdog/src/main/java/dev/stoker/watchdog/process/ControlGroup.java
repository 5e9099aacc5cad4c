package dev.stoker.watchdog.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A control group (version 2) with all below it: whoever was started in it stays in it, whatever
 * session it makes for itself.
 */
record ControlGroup(Path directory) {

  private static final String ENDS_ALL = "1";
  private static final String EMPTY = "populated 0";

  /** Makes it, unless it is there. */
  void create() throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectory(directory);
    }
  }

  /** Linux 5.14 brought the way to end all members at once. */
  boolean canKill() {
    return Files.isWritable(killFile());
  }

  /** Sends SIGKILL to all members, also to those that are being born. */
  void kill() throws IOException {
    try {
      Files.writeString(killFile(), ENDS_ALL);
    } catch (NoSuchFileException e) {
      return; // the group has gone, so its members had
    }
  }

  /** Whether anybody in it is alive; also true if that cannot be read of a group that is there. */
  boolean populated() {
    try {
      return Files.readString(directory.resolve("cgroup.events")).lines().noneMatch(EMPTY::equals);
    } catch (IOException e) {
      return Files.exists(directory);
    }
  }

  /** Of all its members, also in the groups below it; as far as they can be read. */
  Set<Long> pids() {
    try (Stream<Path> below = Files.walk(directory)) {
      return below
          .filter(Files::isDirectory)
          .flatMap(group -> ControlGroups.lines(group.resolve("cgroup.procs")).stream())
          .map(Long::parseLong)
          .collect(Collectors.toSet());
    } catch (IOException | UncheckedIOException e) {
      return Set.of(); // somebody removed it
    }
  }

  /** Removes it with the groups below it, as far as they are empty. */
  void remove() {
    List<Path> deepestFirst;
    try (Stream<Path> below = Files.walk(directory)) {
      deepestFirst = below.filter(Files::isDirectory).sorted(Comparator.reverseOrder()).toList();
    } catch (IOException | UncheckedIOException e) {
      return; // somebody else removed it
    }
    for (Path group : deepestFirst) {
      try {
        Files.delete(group);
      } catch (IOException e) {
        return; // populated
      }
    }
  }

  private Path killFile() {
    return directory.resolve("cgroup.kill");
  }
}
