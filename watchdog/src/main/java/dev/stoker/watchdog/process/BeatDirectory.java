package dev.stoker.watchdog.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where the workers of an installation leave their signs of life: in memory, for a disk could make
 * them wait, and for nobody else to write.
 */
final class BeatDirectory {

  /** Of a service: made in memory by systemd, for each one its own. */
  private static final String RUNTIME_DIRECTORY = "RUNTIME_DIRECTORY";

  private static final Path MEMORY = Path.of("/dev/shm");
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");

  private BeatDirectory() {}

  /**
   * @param data is made use of where no memory is to be had
   */
  static Path of(Path data, String installation) {
    return of(Optional.ofNullable(System.getenv(RUNTIME_DIRECTORY)), MEMORY, data, installation);
  }

  /**
   * @param runtime directories of this service, with colons between them
   */
  static Path of(Optional<String> runtime, Path memory, Path data, String installation) {
    String name = "stoker-" + Program.user() + "-" + installation;
    return Stream.concat(
            runtime.stream().map(paths -> Path.of(paths.split(":", -1)[0])), Stream.of(memory))
        .filter(Path::isAbsolute)
        .map(parent -> parent.resolve(name))
        .filter(BeatDirectory::isPrivate)
        .findFirst()
        .orElseGet(() -> data.resolve("run"));
  }

  /** Makes it again, unless it is there: a slot that was left last has removed it. */
  static void create(Path directory) throws IOException {
    Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(PRIVATE));
  }

  /** Also true once it has been made; never for what somebody else has put there. */
  private static boolean isPrivate(Path directory) {
    try {
      if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(PRIVATE));
      }
      return Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)
          && Program.ownerOf(directory) == Program.user()
          && Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS).equals(PRIVATE)
          && Files.isWritable(directory);
    } catch (IOException e) {
      return false;
    }
  }
}
