package dev.stoker.watchdog.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Tells a process that the kernel killed for want of memory from one that somebody killed: by the
 * kernel's counters, before and after.
 */
public final class OutOfMemory {

  /** Who sent a SIGKILL that this process did not send. */
  public enum Killer {
    KERNEL_OUT_OF_MEMORY,
    SOMEBODY,
    UNKNOWN
  }

  /** One file with a line {@code oom_kill} and what that said. */
  private record Counter(Path file, long kills) {

    static Optional<Counter> of(Path file) {
      OptionalLong kills = read(file);
      return kills.isPresent()
          ? Optional.of(new Counter(file, kills.getAsLong()))
          : Optional.empty();
    }

    /** Unknown if its group has gone. */
    Optional<Boolean> grown() {
      OptionalLong now = read(file);
      return now.isPresent() ? Optional.of(now.getAsLong() > kills) : Optional.empty();
    }

    private static OptionalLong read(Path file) {
      try {
        return Files.readString(file, UTF_8)
            .lines()
            .filter(line -> line.startsWith(KILLS))
            .mapToLong(line -> Long.parseLong(line.substring(KILLS.length()).strip()))
            .findFirst();
      } catch (IOException e) {
        return OptionalLong.empty();
      }
    }
  }

  /**
   * What was counted while a process lived; the later the better, since it may have changed groups.
   *
   * @param group of its memory group, version 1 or 2; empty if it has none, or none to be read
   */
  public record Snapshot(Optional<Counter> group, Optional<Counter> host) {}

  private static final String KILLS = "oom_kill ";
  private static final Path HOST = Path.of("/proc/vmstat");
  private static final String VERSION_1 = ":memory:";

  private OutOfMemory() {}

  /**
   * @param pid of a process that lives
   */
  public static Snapshot snapshot(long pid) {
    return new Snapshot(
        counters(pid).stream().flatMap(file -> Counter.of(file).stream()).findFirst(),
        Counter.of(HOST));
  }

  /** For a process that has ended by SIGKILL: that of its group decides, or else the host's. */
  public static Killer since(Snapshot before) {
    Optional<Boolean> group = before.group().flatMap(Counter::grown);
    if (group.isPresent()) {
      return group.get() ? Killer.KERNEL_OUT_OF_MEMORY : Killer.SOMEBODY;
    }
    // The host's counts everybody's: growth proves nothing, none proves that it was somebody.
    return before
        .host()
        .flatMap(Counter::grown)
        .map(grown -> grown ? Killer.UNKNOWN : Killer.SOMEBODY)
        .orElse(Killer.UNKNOWN);
  }

  /** Where the kernel may count, nearest first. */
  private static List<Path> counters(long pid) {
    List<String> membership = ControlGroups.lines(Path.of("/proc", Long.toString(pid), "cgroup"));
    List<String> mounts = ControlGroups.lines(Path.of("/proc/self/mountinfo"));
    List<Path> counters = new ArrayList<>();
    ControlGroups.Mount.find(mounts)
        .ifPresent(
            mount ->
                mount
                    .directoryOf(membership)
                    .ifPresent(
                        own ->
                            Stream.iterate(
                                    own, up -> up.startsWith(mount.directory()), Path::getParent)
                                .map(group -> group.resolve("memory.events"))
                                .forEach(counters::add)));
    ControlGroups.Mount.findMemory(mounts)
        .flatMap(mount -> mount.directoryOf(membership, VERSION_1))
        .map(group -> group.resolve("memory.oom_control"))
        .ifPresent(counters::add);
    return counters;
  }
}
