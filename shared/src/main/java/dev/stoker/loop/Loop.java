package dev.stoker.loop;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service that repeats one step. Starting twice is refused; closing twice is harmless, and
 * closing waits for the step that runs.
 */
public final class Loop implements AutoCloseable {

  /** One bounded round of work. */
  @FunctionalInterface
  public interface Step {
    /**
     * @return whether there may be more to do at once; false lets the loop wait for its interval
     * @throws InterruptedException when the loop is asked to end while the step waits
     */
    boolean run() throws Exception;
  }

  private static final Logger log = LoggerFactory.getLogger(Loop.class);
  private static final Duration FAILURE_DELAY_MAX = Duration.ofSeconds(5);

  private final String name;
  private final Duration interval;
  private final Step step;
  private final Semaphore wakes = new Semaphore(0);
  private final Thread thread;
  private final AtomicLong turns = new AtomicLong();
  private volatile boolean resting;
  private volatile boolean closing;
  private int failures;

  public Loop(String name, Duration interval, Step step) {
    this.name = name;
    this.interval = interval;
    this.step = step;
    this.thread = Thread.ofPlatform().name(name).daemon(true).unstarted(this::run);
  }

  public Loop start() {
    thread.start();
    return this;
  }

  /**
   * Runs one step on the caller's thread, for a loop that is not started.
   *
   * @return whether there may be more to do at once
   */
  public boolean runOnce() throws Exception {
    return step.run();
  }

  /** Lets the next step run now. Wakes do not add up. */
  public void wake() {
    wakes.release();
  }

  /**
   * Grows with every step, idle or not, whenever a long step says that it gets on, and with every
   * look at a loop that rests between two steps: who sees it stand still for long sees a loop that
   * hangs.
   */
  public long turns() {
    return resting ? turns.incrementAndGet() : turns.get();
  }

  /** Called by a step that takes long although it does not hang. */
  public void getsOn() {
    turns.incrementAndGet();
  }

  /** Ends after the running step and waits for it, at most as long as said. */
  public boolean close(Duration patience) {
    closing = true;
    wake();
    if (thread.getState() == Thread.State.NEW) {
      return true;
    }
    try {
      return thread.join(patience);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Ends a loop whose step may wait for ever. */
  public void interrupt() {
    closing = true;
    thread.interrupt();
  }

  @Override
  public void close() {
    close(Duration.ofSeconds(10));
  }

  private void run() {
    while (!closing) {
      getsOn();
      if (!stepSafely()) {
        pause();
      }
    }
  }

  private boolean stepSafely() {
    try {
      boolean again = step.run();
      if (failures > 0) {
        log.info("{}: works again after {} failed rounds", name, failures);
      }
      failures = 0;
      return again;
    } catch (InterruptedException e) {
      closing = true;
      return true;
    } catch (Exception | Error e) {
      failures++;
      report(e);
      return false;
    }
  }

  /** The whole story once, then ever more rarely a line: what is broken may be broken all night. */
  private void report(Throwable cause) {
    if (failures == 1) {
      log.warn("{}: a round failed", name, cause);
    } else if (Integer.bitCount(failures) == 1) {
      log.warn("{}: {} rounds failed in a row, the last by {}", name, failures, cause.toString());
    }
  }

  /**
   * Waits for the interval or a wake-up; after failures for longer, so that a broken loop does not
   * spin.
   */
  private void pause() {
    long millis = interval.toMillis();
    if (failures > 0) {
      long backoff = Math.min(100L << Math.min(failures, 10), FAILURE_DELAY_MAX.toMillis());
      millis = Math.max(millis, backoff);
    }
    resting = true;
    try {
      if (wakes.tryAcquire(millis, TimeUnit.MILLISECONDS)) {
        wakes.drainPermits();
      }
    } catch (InterruptedException e) {
      closing = true;
    } finally {
      resting = false;
    }
  }
}
