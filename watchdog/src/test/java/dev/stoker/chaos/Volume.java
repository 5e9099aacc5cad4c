package dev.stoker.chaos;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A directory that can be full: a file system of its own where one can be mounted. */
final class Volume {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final int PIECE_BYTES = 65_536;

  private final Path image;
  private final Path directory;
  private final boolean mounted;

  private Volume(Path image, Path directory, boolean mounted) {
    this.image = image;
    this.directory = directory;
    this.mounted = mounted;
  }

  /** Makes a directory, with so much room if that can be had. */
  static Volume of(Path directory, String size) throws IOException {
    Files.createDirectories(directory);
    Path image = directory.resolveSibling(directory.getFileName() + ".image");
    boolean mounted =
        Shell.succeeds(PATIENCE, List.of("truncate", "-s", size, image.toString()))
            && Shell.succeeds(PATIENCE, List.of("mkfs.ext4", "-q", "-m", "0", image.toString()))
            && Shell.succeeds(
                PATIENCE, List.of("mount", "-o", "loop", image.toString(), directory.toString()));
    if (!mounted) {
      Files.deleteIfExists(image);
    }
    return new Volume(image, directory, mounted);
  }

  Path directory() {
    return directory;
  }

  boolean canBeFull() {
    return mounted;
  }

  /** Takes all that is left, to the last byte. */
  void fill() throws IOException {
    FileStore store = Files.getFileStore(directory);
    long room = store.getUsableSpace();
    for (int part = 0; part < 4 && room > PIECE_BYTES; part++, room /= 2) {
      Shell.succeeds(
          PATIENCE, List.of("fallocate", "-l", Long.toString(room), ballast(part).toString()));
    }
    try (OutputStream rest = Files.newOutputStream(ballast(9))) {
      byte[] piece = new byte[PIECE_BYTES];
      while (store.getUsableSpace() >= 0) {
        rest.write(piece);
      }
    } catch (IOException e) {
      // Full.
    }
  }

  void relieve() throws IOException {
    for (int part = 0; part < 10; part++) {
      Files.deleteIfExists(ballast(part));
    }
  }

  private Path ballast(int part) {
    return directory.resolve("ballast." + part);
  }

  /** Leaves nothing mounted; what is to be kept is copied beside it. */
  void close(boolean keep) throws IOException {
    if (!mounted) {
      return;
    }
    relieve();
    if (keep) {
      Path kept = directory.resolveSibling(directory.getFileName() + ".kept");
      Shell.succeeds(PATIENCE, List.of("cp", "-a", directory.toString(), kept.toString()));
    }
    if (!Shell.succeeds(PATIENCE, List.of("umount", directory.toString()))) {
      Shell.succeeds(PATIENCE, List.of("umount", "-l", directory.toString()));
    }
    Files.deleteIfExists(image);
  }
}
