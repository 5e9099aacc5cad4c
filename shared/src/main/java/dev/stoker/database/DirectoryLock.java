package dev.stoker.database;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps other threads and other processes from starting or stopping the same database. A file lock
 * belongs to the whole process, and closing any channel of its file gives it up; hence one thread
 * of a process at a time.
 */
final class DirectoryLock implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final ReentrantLock THIS_PROCESS = new ReentrantLock();

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  static DirectoryLock of(Path dataDirectory) throws IOException {
    Path file = dataDirectory.resolve("postgres.lock");
    enterProcess(file);
    FileChannel channel = null;
    boolean locked = false;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      Patience patience = Patience.of(PATIENCE);
      while (channel.tryLock() == null) {
        if (!patience.pause()) {
          throw busy(file);
        }
      }
      locked = true;
      return new DirectoryLock(channel);
    } finally {
      if (!locked) {
        leave(channel);
      }
    }
  }

  @Override
  public void close() throws IOException {
    leave(channel);
  }

  private static void enterProcess(Path file) {
    try {
      if (!THIS_PROCESS.tryLock(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw busy(file);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddedPostgresFailed("Interrupted while waiting for " + file + ".", e);
    }
  }

  private static void leave(FileChannel channel) throws IOException {
    try {
      if (channel != null) {
        channel.close();
      }
    } finally {
      THIS_PROCESS.unlock();
    }
  }

  private static EmbeddedPostgresFailed busy(Path file) {
    return new EmbeddedPostgresFailed(
        "Another process has held "
            + file
            + " for minutes: it is starting or stopping the embedded database. End it and try"
            + " again.");
  }
}
