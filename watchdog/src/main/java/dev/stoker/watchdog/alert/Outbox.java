package dev.stoker.watchdog.alert;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does on one thread of its own, in order, what may take its time. Who hands it something never
 * waits: what does not fit is dropped, and that is logged.
 */
final class Outbox {

  private static final Logger log = LoggerFactory.getLogger(Outbox.class);

  private final AtomicLong dropped = new AtomicLong();
  private final ThreadPoolExecutor thread;

  Outbox(int capacity) {
    thread =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(capacity),
            task -> Thread.ofPlatform().name("alerts").daemon(true).unstarted(task),
            (_, _) -> drop());
  }

  void add(Runnable task) {
    thread.execute(() -> run(task));
  }

  /** How many did not fit. */
  long dropped() {
    return dropped.get();
  }

  /** Takes no more, and waits for what it has, at most as long as said. */
  void close(Duration patience) {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        log.warn("Alerts still wait to be sent and are given up on");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void drop() {
    log.warn("Sentry does not keep up: an alert is dropped, {} by now", dropped.incrementAndGet());
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      log.warn("An alert is lost", e);
    }
  }
}
