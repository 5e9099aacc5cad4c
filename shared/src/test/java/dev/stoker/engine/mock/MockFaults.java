package dev.stoker.engine.mock;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * What is wrong with a mock engine now. Each method takes effect before it returns. Where requests
 * are counted, only those that compute something are.
 */
public final class MockFaults {

  /** What becomes of one request. */
  enum Fate {
    ANSWERED,
    /** 429, without being looked at. */
    BUSY,
    /** 503, without being looked at. */
    UNAVAILABLE,
    /** 500 instead of the answer. */
    FAILED,
    /** The connection is reset instead of the answer. */
    RESET,
    /** The connection ends in the middle of the answer. */
    TRUNCATED,
    /** Half of the answer, as if it were all. */
    GARBLED,
    /** The engine dies at once. */
    CRASH
  }

  private static final Duration ONE_SECOND = Duration.ofSeconds(1);

  private final Consumer<Runnable> inLoop;
  private final LongSupplier nanoTime;
  private final EngineClock clock;
  private final Runnable clockChanged;
  private final Consumer<Duration> goAway;

  private long requests;
  private long busyUntil;
  private long unavailableUntil;
  private int failEvery;
  private int resetEvery;
  private int truncateEvery;
  private int garbleEvery;
  private String crashOn = "";
  private Duration backAfter = ONE_SECOND;
  private Duration retryAfter = ONE_SECOND;
  private double rate = 1;
  private boolean hanging;

  /**
   * @param inLoop runs something in the engine's own thread and waits for its end
   * @param goAway stops listening and closes all connections, for a time
   */
  MockFaults(
      Consumer<Runnable> inLoop,
      LongSupplier nanoTime,
      EngineClock clock,
      Runnable clockChanged,
      Consumer<Duration> goAway) {
    this.inLoop = inLoop;
    this.nanoTime = nanoTime;
    this.clock = clock;
    this.clockChanged = clockChanged;
    this.goAway = goAway;
    this.busyUntil = nanoTime.getAsLong();
    this.unavailableUntil = busyUntil;
  }

  /** A storm of 429, each with {@link #retryAfter}. */
  public MockFaults busyFor(Duration time) {
    return change(() -> busyUntil = nanoTime.getAsLong() + time.toNanos());
  }

  /** 503 to every request; health stays green. */
  public MockFaults unavailableFor(Duration time) {
    return change(() -> unavailableUntil = nanoTime.getAsLong() + time.toNanos());
  }

  /** What 429 and 503 say in {@code Retry-After}, in whole seconds; zero leaves it out. */
  public MockFaults retryAfter(Duration time) {
    return change(() -> retryAfter = time);
  }

  /** Every so manieth request ends in 500; 0 none. */
  public MockFaults failEvery(int count) {
    return change(() -> failEvery = count);
  }

  /** Every so manieth request ends in a reset of its connection; 0 none. */
  public MockFaults resetEvery(int count) {
    return change(() -> resetEvery = count);
  }

  /** Every so manieth answer breaks off in its middle, and the connection with it; 0 none. */
  public MockFaults truncateEvery(int count) {
    return change(() -> truncateEvery = count);
  }

  /** Every so manieth answer with 200 is no JSON; 0 none. */
  public MockFaults garbleEvery(int count) {
    return change(() -> garbleEvery = count);
  }

  /** The engine works so many times slower, also on what it has begun; 1 as fast as ever. */
  public MockFaults slowBy(double factor) {
    return change(
        () -> {
          rate = 1 / factor;
          runClock();
        });
  }

  /**
   * Takes requests and answers none, nor any that it has, until this is lifted. Health, models and
   * metrics are answered, and the metrics stand still.
   */
  public MockFaults hang(boolean hangs) {
    return change(
        () -> {
          hanging = hangs;
          runClock();
        });
  }

  /**
   * Refuses connections and closes those there are; comes back on the same port, having forgotten.
   */
  public MockFaults awayFor(Duration time) {
    return change(() -> goAway.accept(time));
  }

  /**
   * Dies when a request arrives whose body contains a text, without a word to anybody: as a process
   * it exits with status 139, inside a test it is away for {@link #backAfter}. Empty: no more.
   */
  public MockFaults crashOn(String marker) {
    return change(() -> crashOn = marker);
  }

  /** How long it is away after it has died. */
  public MockFaults backAfter(Duration time) {
    return change(() -> backAfter = time);
  }

  /** All is well again; who is away stays so. */
  public MockFaults lift() {
    return change(
        () -> {
          busyUntil = nanoTime.getAsLong();
          unavailableUntil = busyUntil;
          failEvery = 0;
          resetEvery = 0;
          truncateEvery = 0;
          garbleEvery = 0;
          crashOn = "";
          rate = 1;
          hanging = false;
          runClock();
        });
  }

  /**
   * Sets faults by name, times in milliseconds: {@code busy_ms}, {@code unavailable_ms}, {@code
   * retry_after_ms}, {@code fail_every}, {@code reset_every}, {@code truncate_every}, {@code
   * garble_every}, {@code slow_by}, {@code hang}, {@code away_ms}, {@code crash_on}, {@code
   * back_after_ms}, {@code lift}.
   *
   * @throws IllegalArgumentException for a name or a value that makes no sense
   */
  public MockFaults set(Map<String, String> values) {
    values.forEach(this::set);
    return this;
  }

  private void set(String name, String value) {
    switch (name) {
      case "busy_ms" -> busyFor(millis(value));
      case "unavailable_ms" -> unavailableFor(millis(value));
      case "retry_after_ms" -> retryAfter(millis(value));
      case "fail_every" -> failEvery(Integer.parseInt(value));
      case "reset_every" -> resetEvery(Integer.parseInt(value));
      case "truncate_every" -> truncateEvery(Integer.parseInt(value));
      case "garble_every" -> garbleEvery(Integer.parseInt(value));
      case "slow_by" -> slowBy(Double.parseDouble(value));
      case "hang" -> hang(Boolean.parseBoolean(value));
      case "away_ms" -> awayFor(millis(value));
      case "crash_on" -> crashOn(value);
      case "back_after_ms" -> backAfter(millis(value));
      case "lift" -> lift();
      default -> throw new IllegalArgumentException("there is no fault " + name);
    }
  }

  private static Duration millis(String value) {
    return Duration.ofMillis(Long.parseLong(value));
  }

  private MockFaults change(Runnable change) {
    inLoop.accept(change);
    return this;
  }

  private void runClock() {
    clock.run(hanging ? 0 : rate, nanoTime.getAsLong());
    clockChanged.run();
  }

  /** For the next request. */
  Fate next(byte[] body) {
    requests++;
    if (!crashOn.isEmpty() && new String(body, StandardCharsets.UTF_8).contains(crashOn)) {
      return Fate.CRASH;
    }
    if (busyUntil - nanoTime.getAsLong() > 0) {
      return Fate.BUSY;
    }
    if (unavailableUntil - nanoTime.getAsLong() > 0) {
      return Fate.UNAVAILABLE;
    }
    if (isTurn(failEvery)) {
      return Fate.FAILED;
    }
    if (isTurn(resetEvery)) {
      return Fate.RESET;
    }
    if (isTurn(truncateEvery)) {
      return Fate.TRUNCATED;
    }
    return isTurn(garbleEvery) ? Fate.GARBLED : Fate.ANSWERED;
  }

  private boolean isTurn(int every) {
    return every > 0 && requests % every == 0;
  }

  /** As the header's value; empty if it is to be left out. */
  String retryAfter() {
    return retryAfter.isZero() ? "" : Long.toString(retryAfter.toSeconds());
  }

  Duration backAfter() {
    return backAfter;
  }
}
