package dev.stoker.chaos;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/** What is inflicted when: a function of the seed and the length alone. */
record Plan(List<Strike> strikes) {

  /** Long enough that two minutes without a database are not most of it. */
  private static final Duration LONG = Duration.ofMinutes(10);

  private static final Duration QUIET_START = Duration.ofSeconds(1);
  private static final long PAUSE_MEAN_MS = 2_500;
  private static final long PAUSE_MAX_MS = 12_000;

  /**
   * One thing that is inflicted.
   *
   * @param at since the start
   * @param length how long it lasts; zero for a moment
   * @param aim chooses the victim where there are several
   */
  record Strike(Duration at, Fault fault, Duration length, int aim) {}

  static Plan of(long seed, Duration length) {
    Random random = new Random(seed);
    Deque<Fault> deck = new ArrayDeque<>();
    List<Strike> strikes = new ArrayList<>();
    Duration at = QUIET_START;
    while (at.compareTo(length) < 0) {
      if (deck.isEmpty()) {
        deck.addAll(shuffled(random));
      }
      Fault fault = deck.pop();
      Duration most = fault.most(length.compareTo(LONG) >= 0);
      long lasts =
          fault.least().toMillis() + random.nextLong(most.minus(fault.least()).toMillis() + 1);
      strikes.add(new Strike(at, fault, Duration.ofMillis(lasts), random.nextInt(1_000)));
      at = at.plusMillis(pause(random));
    }
    return new Plan(List.copyOf(strikes));
  }

  /** Each once before any comes again, so that a short run has seen most of them. */
  private static List<Fault> shuffled(Random random) {
    List<Fault> faults = new ArrayList<>(List.of(Fault.values()));
    Collections.shuffle(faults, random);
    return faults;
  }

  /** Some blows fall at once, others alone. */
  private static long pause(Random random) {
    return (long) Math.min(PAUSE_MAX_MS, -PAUSE_MEAN_MS * Math.log(1 - random.nextDouble()));
  }
}
