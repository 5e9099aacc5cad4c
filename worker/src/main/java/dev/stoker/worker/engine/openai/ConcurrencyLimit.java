package dev.stoker.worker.engine.openai;

import java.time.Duration;

/**
 * How many requests an engine should have at once: so many that it never waits for more, and hardly
 * any that only wait inside it. No clocks inside; for one thread.
 *
 * <p>An engine that tells how many requests run and wait is filled until some wait, in a few looks;
 * then a small reserve is kept waiting. Of another, more is asked as long as it answers more in the
 * same time. Whoever refuses requests as too many gets fewer at once, and more again soon if that
 * was a passing storm, or late if it was a matter of size.
 */
final class ConcurrencyLimit {

  /**
   * What was seen since the last look.
   *
   * @param elapsed how long ago that was
   * @param inFlight requests in flight now
   * @param answered requests answered since
   * @param meanLatency how long those took on average
   * @param pushedBack requests refused as too many since, or not answered in time
   * @param metrics the engine's own; {@link EngineMetrics#NONE} if it has none
   */
  record Sample(
      Duration elapsed,
      int inFlight,
      long answered,
      Duration meanLatency,
      long pushedBack,
      EngineMetrics metrics) {}

  /** Worth having for any server, and no burden to one. */
  static final int FIRST = 32;

  private static final int RAMP_FACTOR = 4;
  private static final double SATURATED = 0.85;

  /** The rest is on its way, or has been answered already. */
  private static final double ARRIVED = 0.6;

  private static final double CACHE_FULL = 0.95;
  private static final double STILL_AT_WORK = 0.9;
  private static final Duration PUSH_BACK_PAUSE = Duration.ofSeconds(1);
  private static final Duration GROWTH_PAUSE_FIRST = Duration.ofSeconds(10);
  private static final Duration GROWTH_PAUSE_MAX = Duration.ofMinutes(2);

  private final int max;
  private int limit;
  private boolean ramping = true;
  private double lastRunning;
  private double mostRunning;

  /** The limit that was right before a storm; growth up to it is fast. */
  private int proven;

  private Duration sincePushBack = PUSH_BACK_PAUSE;
  private Duration growthPause = Duration.ZERO;
  private Duration nextGrowthPause = GROWTH_PAUSE_FIRST;
  private final LatencyWindow window = new LatencyWindow();

  ConcurrencyLimit(int max) {
    this.max = max;
    this.limit = Math.min(FIRST, max);
    this.proven = limit;
  }

  int limit() {
    return limit;
  }

  /** Whether the next look should come soon: the engine is being filled. */
  boolean ramping() {
    return ramping && limit < max;
  }

  /** The limit from now on. */
  int next(Sample sample) {
    sincePushBack = sincePushBack.plus(sample.elapsed());
    growthPause = shorter(growthPause, sample.elapsed());
    mostRunning = Math.max(sample.metrics().running(), 0.98 * mostRunning);
    boolean saturated = sample.inFlight() >= SATURATED * limit;
    if (sample.pushedBack() > 0) {
      pushedBack(sample);
    } else if (sample.metrics().countsRequests()) {
      byQueue(sample, saturated);
    } else {
      byLatency(sample, saturated);
    }
    return limit;
  }

  private void pushedBack(Sample sample) {
    if (sincePushBack.compareTo(PUSH_BACK_PAUSE) < 0) {
      return;
    }
    sincePushBack = Duration.ZERO;
    ramping = false;
    boolean atWork =
        sample.metrics().countsRequests()
            ? sample.metrics().running() >= STILL_AT_WORK * mostRunning
            : sample.answered() >= sample.pushedBack();
    if (atWork) {
      double takes =
          sample.metrics().countsRequests()
              ? sample.metrics().running() * share(sample)
              : 0.8 * limit;
      set(Math.min(takes, limit));
      growthPause = nextGrowthPause;
      nextGrowthPause =
          nextGrowthPause.compareTo(GROWTH_PAUSE_MAX) < 0
              ? nextGrowthPause.multipliedBy(2)
              : GROWTH_PAUSE_MAX;
    } else {
      limit = Math.max(1, (int) (0.7 * limit));
    }
    window.restart(limit);
  }

  private void byQueue(Sample sample, boolean saturated) {
    EngineMetrics metrics = sample.metrics();
    double reserve = Math.max(2, metrics.running() / 8);
    boolean rising = metrics.running() > 1.02 * lastRunning;
    lastRunning = metrics.running();
    if (ramping) {
      ramp(sample, saturated, rising, reserve);
    } else if (metrics.waiting() > 2 * reserve) {
      set((metrics.running() + reserve) * share(sample));
    } else if (saturated && metrics.waiting() < reserve / 2 && metrics.cacheUse() < CACHE_FULL) {
      grow(Math.max(1, reserve - metrics.waiting()));
    }
  }

  private void ramp(Sample sample, boolean saturated, boolean rising, double reserve) {
    EngineMetrics metrics = sample.metrics();
    if (metrics.waiting() > 0) {
      if (!rising) {
        ramping = false;
        set(Math.max(limit / (double) RAMP_FACTOR, metrics.running() + reserve) * share(sample));
      }
    } else if (saturated && metrics.running() >= ARRIVED * sample.inFlight()) {
      if (metrics.cacheUse() < CACHE_FULL / 2) {
        set((double) limit * RAMP_FACTOR);
      } else {
        ramping = false;
      }
    }
  }

  private void byLatency(Sample sample, boolean saturated) {
    window.add(sample);
    if (!saturated || !window.complete(limit)) {
      return;
    }
    if (ramping && window.faster()) {
      window.restart(limit);
      set(2.0 * limit);
    } else if (ramping) {
      ramping = false;
      window.restart(limit);
      set(limit * 0.625);
    } else if (window.slowed()) {
      window.restart(limit);
      set(limit * 0.75);
    } else {
      window.restart(0);
      grow(Math.max(1, limit / 25.0));
    }
  }

  /** Fast where it was fine before, else by a step and not soon after having been refused. */
  private void grow(double step) {
    if (limit < proven) {
      limit = Math.min(2 * limit, proven);
    } else if (growthPause.isZero()) {
      set(limit + step);
    }
  }

  /** How much of what the engine has is ours; others may use it too. */
  private static double share(Sample sample) {
    double all = sample.metrics().running() + sample.metrics().waiting();
    return all <= sample.inFlight() ? 1 : sample.inFlight() / all;
  }

  private void set(double wanted) {
    limit = Math.clamp(Math.round(wanted), 1, max);
    proven = limit;
  }

  private static Duration shorter(Duration duration, Duration by) {
    return duration.compareTo(by) > 0 ? duration.minus(by) : Duration.ZERO;
  }

  /** Throughput and latency over about as many answers as there are requests in flight. */
  private static final class LatencyWindow {
    private static final Duration SHORTEST = Duration.ofMillis(500);

    private Duration elapsed = Duration.ZERO;
    private long answered;
    private double latencySeconds;
    private long unsettled;
    private double bestPerSecond;
    private double baselineSeconds = Double.POSITIVE_INFINITY;

    /** How long answers took before there were fewer requests for that reason; else infinite. */
    private double slowedSeconds = Double.POSITIVE_INFINITY;

    /**
     * @param stale how many answers to come still show the limit that was
     */
    void restart(long stale) {
      if (answered > 0) {
        bestPerSecond = Math.max(bestPerSecond * 0.98, perSecond());
        baselineSeconds = Math.min(baselineSeconds, meanSeconds());
        slowedSeconds = slowed() ? meanSeconds() : Double.POSITIVE_INFINITY;
      }
      elapsed = Duration.ZERO;
      answered = 0;
      latencySeconds = 0;
      unsettled = stale;
    }

    void add(Sample sample) {
      if (unsettled > 0) {
        unsettled -= sample.answered();
        return;
      }
      elapsed = elapsed.plus(sample.elapsed());
      answered += sample.answered();
      latencySeconds += sample.answered() * seconds(sample.meanLatency());
    }

    boolean complete(int limit) {
      return unsettled <= 0 && answered >= limit && elapsed.compareTo(SHORTEST) >= 0;
    }

    /** It answers clearly more than ever before. */
    boolean faster() {
      return perSecond() > 1.3 * bestPerSecond;
    }

    /**
     * Answers take longer, and there are not more of them for it. If they still do with fewer
     * requests at once, it was not for the queue: the requests have become longer.
     */
    boolean slowed() {
      if (meanSeconds() > 0.97 * slowedSeconds) {
        baselineSeconds = meanSeconds();
      }
      return meanSeconds() > 1.5 * baselineSeconds && perSecond() < 1.1 * bestPerSecond;
    }

    private double perSecond() {
      return answered / seconds(elapsed);
    }

    private double meanSeconds() {
      return latencySeconds / answered;
    }

    private static double seconds(Duration duration) {
      return duration.toNanos() / 1e9;
    }
  }
}
