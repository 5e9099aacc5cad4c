package dev.stoker.watchdog.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Where the workers of an installation leave their signs of life: in memory, for a disk could make
 * them wait, and for nobody else to write.
 */
final class BeatDirectory {

  private static final Path MEMORY = Path.of("/dev/shm");
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");

  private BeatDirectory() {}

  /**
   * @param data is made use of where no memory is to be had
   */
  static Path of(Path data, String installation) {
    return of(MEMORY, data, installation);
  }

  static Path of(Path memory, Path data, String installation) {
    Path inMemory = memory.resolve("stoker-" + Program.user() + "-" + installation);
    return isPrivate(inMemory) ? inMemory : data.resolve("run");
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
