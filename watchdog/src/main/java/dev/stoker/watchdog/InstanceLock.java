package dev.stoker.watchdog;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Keeps a second watchdog from the same workers. The kernel releases it when its holder dies, and
 * the database has no part in it: what it protects are processes of this host.
 */
final class InstanceLock implements AutoCloseable {

  private static final String FILE = "watchdog.lock";

  private final FileChannel channel;

  private InstanceLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Empty if another process has it. */
  static Optional<InstanceLock> take(Path directory) throws IOException {
    Files.createDirectories(directory);
    FileChannel channel =
        FileChannel.open(
            directory.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = channel.tryLock();
    if (lock == null) {
      channel.close();
      return Optional.empty();
    }
    channel.truncate(0);
    channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(UTF_8)));
    return Optional.of(new InstanceLock(channel));
  }

  /** Who has it, for people. */
  static String holder(Path directory) {
    try {
      return "process " + Files.readString(directory.resolve(FILE), UTF_8).strip();
    } catch (IOException e) {
      return "another process";
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
