package dev.stoker.watchdog.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.health.ProcessIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The control groups of one installation's workers, known by their names wherever in the hierarchy
 * they are: only such a group is ever killed.
 */
final class ControlGroups {

  /**
   * Where the hierarchy is to be seen.
   *
   * @param root which part of it is mounted
   */
  record Mount(Path root, Path directory) {

    /** From the lines of {@code /proc/PID/mountinfo}; also beside version 1. */
    static Optional<Mount> find(List<String> mountInfo) {
      return first(mountInfo, line -> line.contains(" - cgroup2 "));
    }

    /** The hierarchy of version 1 that accounts for memory. */
    static Optional<Mount> findMemory(List<String> mountInfo) {
      return first(
          mountInfo, line -> line.contains(" - cgroup ") && line.matches(".*[ ,]memory(,.*)?"));
    }

    /** Of the group that {@code /proc/PID/cgroup} names; empty if it lies outside of the mount. */
    Optional<Path> directoryOf(List<String> membership) {
      return directoryOf(membership, VERSION_2);
    }

    /**
     * @param hierarchy what stands before the group's path
     */
    Optional<Path> directoryOf(List<String> membership, String hierarchy) {
      return membership.stream()
          .filter(line -> line.contains(hierarchy))
          .map(line -> line.substring(line.indexOf(hierarchy) + hierarchy.length()))
          .map(group -> Path.of(group).normalize())
          .filter(group -> group.startsWith(root))
          .map(group -> directory.resolve(root.relativize(group).toString()))
          .findFirst();
    }

    private static Optional<Mount> first(List<String> mountInfo, Predicate<String> wanted) {
      return mountInfo.stream()
          .filter(wanted)
          .map(line -> line.split(" ", -1))
          .map(fields -> new Mount(Path.of(fields[ROOT]), Path.of(unescaped(fields[DIRECTORY]))))
          .findFirst();
    }

    private static String unescaped(String path) {
      return path.replace("\\040", " ");
    }
  }

  private static final int ROOT = 3;
  private static final int DIRECTORY = 4;
  private static final String VERSION_2 = "0::";

  private static final int DEPTH_MAX = 10;

  private final Mount mount;
  private final Path own;
  private final String prefix;

  /**
   * @param own the directory of the group that this process is in
   * @param installation tells apart those that share a host
   */
  ControlGroups(Mount mount, Path own, String installation) {
    this.mount = mount;
    this.own = own;
    this.prefix = "stoker-" + installation + "-";
  }

  /** Empty if the kernel has no such hierarchy, or hides it. */
  static Optional<ControlGroups> find(String installation) {
    return Mount.find(lines(Path.of("/proc/self/mountinfo")))
        .flatMap(
            mount ->
                mount
                    .directoryOf(lines(Path.of("/proc/self/cgroup")))
                    .map(own -> new ControlGroups(mount, own, installation)));
  }

  /** Below the group of this process: there, and nowhere else, systemd lets a service make some. */
  ControlGroup ofSlot(int slot) {
    return new ControlGroup(own.resolve(nameOf(slot)));
  }

  String nameOf(int slot) {
    return prefix + "worker-" + slot;
  }

  /** For people: the group that holds those of the workers, as {@code /proc/PID/cgroup} says it. */
  String parent() {
    return mount.root().resolve(mount.directory().relativize(own).toString()).toString();
  }

  /** Why no worker can be held by a group of its own, by trying; empty if it can. */
  Optional<String> hindrance() {
    ControlGroup trial = new ControlGroup(own.resolve(prefix + "trial"));
    try {
      trial.create();
      if (!trial.canKill()) {
        return Optional.of("cgroup.kill cannot be written; it needs Linux 5.14");
      }
      return takesProcesses(trial) ? Optional.empty() : Optional.of("a process cannot be moved");
    } catch (FileSystemException e) {
      return Optional.of(own + ": " + Optional.ofNullable(e.getReason()).orElse("not permitted"));
    } catch (IOException e) {
      return Optional.of(e.getMessage());
    } finally {
      trial.remove();
    }
  }

  /** The group of a slot that a process is in, whoever made it; empty if it is in none. */
  Optional<ControlGroup> ofProcess(ProcessIdentity process, int slot) {
    Path membership = Path.of("/proc", Long.toString(process.pid()), "cgroup");
    Optional<ControlGroup> group =
        mount
            .directoryOf(lines(membership))
            .filter(directory -> isOf(directory, slot))
            .map(ControlGroup::new)
            .filter(ControlGroup::canKill);
    // First the group, then the start time: in the other order the pid could change hands.
    return group.filter(
        _ ->
            ProcessTable.find(process.pid())
                .filter(entry -> entry.startTicks() == process.startTicks())
                .isPresent());
  }

  /** The groups of a slot, in the whole hierarchy: an earlier watchdog may have been elsewhere. */
  List<ControlGroup> allOf(int slot) {
    List<ControlGroup> found = new ArrayList<>();
    try {
      Files.walkFileTree(
          mount.directory(),
          Set.of(),
          DEPTH_MAX,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path group, BasicFileAttributes attributes) {
              if (!isOf(group, slot)) {
                return FileVisitResult.CONTINUE;
              }
              found.add(new ControlGroup(group));
              return FileVisitResult.SKIP_SUBTREE;
            }

            // Groups come and go while one looks.
            @Override
            public FileVisitResult visitFileFailed(Path group, IOException e) {
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path group, IOException e) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException("every failure is passed over", e);
    }
    return found;
  }

  /** A group that this process is in itself is nobody's to kill. */
  private boolean isOf(Path directory, int slot) {
    String scope = "(-" + Pattern.quote(Scope.INCARNATION_MARK) + "\\d+\\.scope)?";
    return directory.getFileName().toString().matches(Pattern.quote(nameOf(slot)) + scope)
        && !own.startsWith(directory);
  }

  private static boolean takesProcesses(ControlGroup group) {
    return Program.succeeds(
        List.of("sh", "-c", "echo $$ > \"$0\"/cgroup.procs", group.directory().toString()));
  }

  static List<String> lines(Path file) {
    try {
      return Files.readString(file, UTF_8).lines().toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
