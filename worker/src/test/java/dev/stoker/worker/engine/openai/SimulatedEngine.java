package dev.stoker.worker.engine.openai;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;

/**
 * An engine, and a client that keeps as many requests in flight as a {@link ConcurrencyLimit} says,
 * in made-up time: steps of ten milliseconds.
 */
final class SimulatedEngine {
  private static final long STEP_MILLIS = 10;

  private record Running(long arrived, long end) {}

  private final int slots;
  private final int queueMax;
  private final boolean tells;
  private final ConcurrencyLimit limit;
  private final SplittableRandom random = new SplittableRandom(7);
  private final List<Running> running = new ArrayList<>();
  private final Deque<Long> waiting = new ArrayDeque<>();
  private final Deque<Long> delayed = new ArrayDeque<>();

  private boolean storm;
  private long now;
  private long sampled;
  private long answered;
  private long latency;
  private long refused;
  private long steps;

  long busy;
  long refusals;
  int waitingMost;

  SimulatedEngine(int slots, int queueMax, boolean tells, int slotsMax) {
    this.slots = slots;
    this.queueMax = queueMax;
    this.tells = tells;
    this.limit = new ConcurrencyLimit(slotsMax);
  }

  int limit() {
    return limit.limit();
  }

  void storm(boolean rages) {
    storm = rages;
  }

  /** From now on the figures below are counted anew. */
  void forget() {
    busy = 0;
    steps = 0;
    refusals = 0;
    waitingMost = 0;
  }

  /** Which part of its slots was at work, as there always was work. */
  double use() {
    return busy / (double) (steps * slots);
  }

  void run(Duration time) {
    for (long end = now + time.toMillis(); now < end; now += STEP_MILLIS) {
      step();
      Duration since = Duration.ofMillis(now - sampled);
      if (since.toMillis() >= (limit.ramping() ? 100 : 1000)) {
        sample(since);
      }
    }
  }

  private void step() {
    for (Running request : List.copyOf(running)) {
      if (request.end() <= now) {
        running.remove(request);
        answered++;
        latency += now - request.arrived();
      }
    }
    delayed.removeIf(until -> until <= now);
    while (running.size() + waiting.size() + delayed.size() < limit.limit()) {
      if (storm || running.size() + waiting.size() >= slots + queueMax) {
        refused++;
        refusals++;
        delayed.add(now + 500);
      } else {
        waiting.add(now);
      }
      serve();
    }
    serve();
    busy += running.size();
    steps++;
    waitingMost = Math.max(waitingMost, waiting.size());
  }

  private void serve() {
    while (running.size() < slots && !waiting.isEmpty()) {
      running.add(new Running(waiting.remove(), now + random.nextLong(250, 1250)));
    }
  }

  private void sample(Duration since) {
    limit.next(
        new ConcurrencyLimit.Sample(
            since,
            running.size() + waiting.size(),
            answered,
            answered == 0 ? Duration.ZERO : Duration.ofMillis(latency / answered),
            refused,
            tells
                ? new EngineMetrics(running.size(), waiting.size(), 0, now, true, true)
                : EngineMetrics.NONE));
    answered = 0;
    latency = 0;
    refused = 0;
    sampled = now;
  }
}
