package dev.stoker.worker.liveness;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import dev.stoker.health.WorkerExit;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a process that hangs says before it ends itself. */
public final class LastWords {
  private static final Logger log = LoggerFactory.getLogger(LastWords.class);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private LastWords() {}

  /**
   * Logs why, dumps all threads, virtual ones too, and ends the process with {@link
   * WorkerExit#STARVED}. Whatever hangs in here as well, the log or the JVM, is waited for in vain
   * for ten seconds at most; and no shutdown hook is asked.
   *
   * @param threads where the dump goes; replaced
   */
  public static void halt(String why, Path threads) {
    Thread speaker = Thread.ofPlatform().daemon().name("last-words").start(() -> say(why, threads));
    try {
      speaker.join(PATIENCE);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      Runtime.getRuntime().halt(WorkerExit.STARVED);
    }
  }

  private static void say(String why, Path threads) {
    // The dump first: a log may be what hangs.
    String result = dump(threads);
    log.error(why);
    log.error("[WATCHDOG] {}", result);
  }

  private static String dump(Path threads) {
    try {
      Files.deleteIfExists(threads);
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(threads.toString(), ThreadDumpFormat.TEXT_PLAIN);
      return "All threads are in " + threads;
    } catch (IOException | RuntimeException e) {
      return "The threads could not be dumped: " + e;
    }
  }
}
