package dev.stoker.watchdog.process;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file system that stops answering: who writes to it hangs in the kernel, deaf to SIGKILL. */
final class FrozenDisk implements AutoCloseable {

  private static final String SIZE = "16M";

  private final Path place;
  private boolean frozen;

  private FrozenDisk(Path place) {
    this.place = place;
  }

  /** The test is skipped where that cannot be had. */
  static FrozenDisk create(Path directory) throws IOException {
    Path image = directory.resolve("disk.image");
    Path place = Files.createDirectory(directory.resolve("disk"));
    assumeTrue(
        run("truncate", "-s", SIZE, image.toString())
            && run("mkfs.ext4", "-q", image.toString())
            && run("mount", "-o", "loop", image.toString(), place.toString()),
        "a file system in a file can be mounted by root only, with loop devices");
    FrozenDisk disk = new FrozenDisk(place);
    disk.frozen = run("fsfreeze", "-f", place.toString());
    if (!disk.frozen) {
      disk.close();
    }
    assumeTrue(disk.frozen, "fsfreeze is not possible");
    return disk;
  }

  Path file() {
    return place.resolve("file");
  }

  void thaw() {
    frozen = false;
    if (!run("fsfreeze", "-u", place.toString())) {
      throw new IllegalStateException("the disk stays frozen");
    }
  }

  @Override
  public void close() {
    if (frozen) {
      thaw();
    }
    // Who was let go a moment ago may still hold it; it goes when he does.
    if (!run("umount", place.toString())) {
      run("umount", "-l", place.toString());
    }
  }

  private static boolean run(String... words) {
    try {
      return new ProcessBuilder(words)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .onExit()
              .join()
              .exitValue()
          == 0;
    } catch (IOException e) {
      return false; // there is no such program here
    }
  }
}
