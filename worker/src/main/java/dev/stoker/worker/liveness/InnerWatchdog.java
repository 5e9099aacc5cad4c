package dev.stoker.worker.liveness;

import dev.stoker.loop.Loop;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a process one of whose loops stands still, and shows life in memory while the one that beats
 * does not.
 *
 * <p>The beat is written by a thread that waits for nothing, so that it goes on while the database
 * hangs; but only while the heartbeat's own loop turns, so that it proves more than that threads
 * are scheduled.
 */
public final class InnerWatchdog implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(InnerWatchdog.class);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  /** A beat may wait for the database: 2 s to connect, 5 s to log in, 5 s for the statement. */
  private static final Duration HEARTBEAT_TURN_MAX = Duration.ofSeconds(20);

  /**
   * What is watched.
   *
   * @param turns of each loop by its name; one that stands still here hangs
   * @param heartbeat the name of the loop that beats
   * @param beat shows life in memory
   */
  public record Watched(Map<String, LongSupplier> turns, String heartbeat, Runnable beat) {}

  private final Duration timeout;
  private final LongSupplier nanoTime;
  private final Consumer<String> whenStarved;
  private final Starvation starvation = new Starvation();
  private final Loop loop;
  private volatile Watched watched;

  /**
   * @param timeout how long a loop may stand still; zero lets it for ever
   * @param whenStarved ends the process, once; told which loop stands still
   */
  public InnerWatchdog(
      Duration timeout, Watched first, LongSupplier nanoTime, Consumer<String> whenStarved) {
    this.timeout = timeout;
    this.watched = first;
    this.nanoTime = nanoTime;
    this.whenStarved = whenStarved;
    this.loop = new Loop("watchdog", LOOK_EVERY, this::look);
  }

  public InnerWatchdog start() {
    if (timeout.isZero()) {
      log.info("[WATCHDOG] Off: a loop may stand still for ever");
    } else {
      log.info("[WATCHDOG] Started with {}s timeout", timeout.toSeconds());
    }
    loop.start();
    return this;
  }

  /** Watches something else from now on. */
  public void watch(Watched next) {
    watched = next;
  }

  @Override
  public void close() {
    loop.close();
  }

  private boolean look() {
    Watched now = watched;
    long nowNanos = nanoTime.getAsLong();
    Optional<Starvation.Starved> starved = starvation.longest(turnsOf(now), nowNanos);
    if (starvation.still(now.heartbeat(), nowNanos).compareTo(HEARTBEAT_TURN_MAX) < 0) {
      now.beat().run();
    }
    starved
        .filter(_ -> !timeout.isZero())
        .filter(found -> found.since().compareTo(timeout) > 0)
        .ifPresent(
            found ->
                whenStarved.accept(
                    "[WATCHDOG] ALERT! No heartbeat for %ds. Restarting... (loop %s)"
                        .formatted(found.since().toSeconds(), found.loop())));
    return false;
  }

  private static Map<String, Long> turnsOf(Watched watched) {
    return watched.turns().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().getAsLong()));
  }
}
