package dev.stoker.watchdog.evidence;

import dev.stoker.watchdog.process.ConsoleLog;
import dev.stoker.watchdog.process.WatchedProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** What the threads of a JVM do, in its own words. */
final class ThreadDump {

  private static final int BYTES_MAX = 1024 * 1024;
  private static final long FILE_BYTES_MAX = 32L * 1024 * 1024;
  private static final int DEADLOCK_MAX = 3 * 1024;

  private static final long PAUSE_MILLIS = 25;
  private static final Duration BEGINS_WITHIN = Duration.ofMillis(500);
  private static final Duration QUIET_FOR = Duration.ofMillis(150);

  private ThreadDump() {}

  /** Lets it print its threads and waits until it has begun, and then falls silent. */
  static String printed(WatchedProcess process, ConsoleLog console) throws IOException {
    long before = console.length();
    process.printThreads();
    long silence = 0;
    long seen = before;
    while (silence < (seen == before ? BEGINS_WITHIN : QUIET_FOR).toMillis()) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS));
      long now = console.length();
      silence = now == seen ? silence + PAUSE_MILLIS : 0;
      seen = now;
    }
    if (seen == before) {
      throw new IOException("nothing was printed within " + BEGINS_WITHIN.toMillis() + " ms");
    }
    return console.since(before, BYTES_MAX);
  }

  /** Lets it write its threads, the virtual ones among them, into a file. */
  static Path written(long pid, Path file, Duration patience)
      throws IOException, InterruptedException {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    if (!Files.isExecutable(jcmd)) {
      throw new IOException("this Java has no jcmd");
    }
    Process asking =
        new ProcessBuilder(
                jcmd.toString(),
                Long.toString(pid),
                "Thread.dump_to_file",
                "-format=json",
                file.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      if (!asking.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException("no answer within " + patience.toMillis() + " ms");
      }
    } finally {
      asking.destroyForcibly();
    }
    if (asking.exitValue() != 0 || !Files.exists(file)) {
      throw new IOException("jcmd failed with exit code " + asking.exitValue());
    }
    if (Files.size(file) > FILE_BYTES_MAX) {
      Files.delete(file);
      throw new IOException("it was too long to keep");
    }
    return file;
  }

  /** The threads that wait for each other for ever, if the JVM found any. */
  static Optional<String> deadlock(String dump) {
    int start = dump.indexOf("Java-level deadlock");
    if (start < 0) {
      return Optional.empty();
    }
    int from = dump.lastIndexOf('\n', start) + 1;
    return Optional.of(dump.substring(from, Math.min(dump.length(), from + DEADLOCK_MAX)));
  }
}
