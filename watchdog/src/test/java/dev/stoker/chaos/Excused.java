package dev.stoker.chaos;

import dev.stoker.batch.BatchStatus;
import dev.stoker.engine.mock.MockEngine;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The errors that follow from what the nemesis did; counts them. */
final class Excused implements Inspection.Excuses {
  /** A strike, and twice alone: nothing less convicts a line. */
  private static final int DEATHS_MIN = 3;

  /** STOKER_TRIES_MAX, as the installation has it. */
  private static final int TRIES = 5;

  private final MockEngine engine;
  private final AtomicInteger workerDeaths;
  private final Map<String, AtomicInteger> excused = new ConcurrentSkipListMap<>();

  Excused(MockEngine engine, AtomicInteger workerDeaths) {
    this.engine = engine;
    this.workerDeaths = workerDeaths;
  }

  @Override
  public boolean excuse(BatchStatus end, Submission submission, int line, String code) {
    boolean excuse =
        switch (code) {
          case "batch_cancelled" -> end == BatchStatus.CANCELLED;
          case "engine_crash" -> workerDeaths.get() >= DEATHS_MIN;
          case "engine_error", "500" ->
              engine.stats().requestsOf(submission.endpoint(), submission.request(line)) >= TRIES;
          default -> false;
        };
    if (excuse) {
      excused.computeIfAbsent(code, _ -> new AtomicInteger()).incrementAndGet();
    }
    return excuse;
  }

  /** How many lines ended in each error. */
  Map<String, AtomicInteger> counts() {
    return excused;
  }
}
