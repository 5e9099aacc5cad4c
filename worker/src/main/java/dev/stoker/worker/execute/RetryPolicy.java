package dev.stoker.worker.execute;

import dev.stoker.settings.Settings;
import dev.stoker.worker.engine.EngineReply;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Pure: the same tries, reply and random numbers always give the same verdict.
 *
 * @param triesMax how often a line may be run in all before its last bad answer is final
 * @param delayBase the delay after the first bad answer; it doubles with each
 * @param delayMax the longest delay, also of what an engine asks for
 */
record RetryPolicy(int triesMax, Duration delayBase, Duration delayMax) {
  /** A busy engine is asked again after a delay as if so many tries had failed. */
  private static final int BUSY_TRIES = 1;

  /** How soon to look whether an engine is back. */
  private static final Duration AWAY_DELAY = Duration.ofMillis(200);

  static RetryPolicy from(Settings settings) {
    return new RetryPolicy(
        settings.integer(
            "STOKER_TRIES_MAX",
            5,
            1,
            100,
            "how often a line is tried before its last error is final"),
        settings.duration(
            "STOKER_RETRY_DELAY",
            Duration.ofMillis(500),
            Duration.ofMillis(1),
            Duration.ofMinutes(1),
            "the delay before the first retry of a line; it doubles"),
        settings.duration(
            "STOKER_RETRY_DELAY_MAX",
            Duration.ofSeconds(30),
            Duration.ofMillis(1),
            Duration.ofMinutes(10),
            "the longest delay before a retry"));
  }

  /**
   * @param tries how many earlier tries of this line ended badly
   */
  Verdict decide(int tries, EngineReply reply, RandomGenerator random) {
    boolean last = tries + 1 >= triesMax;
    return switch (reply) {
      case EngineReply.Answered answer when succeeded(answer.status()) -> new Verdict.Answer(true);
      case EngineReply.Answered answer when busy(answer.status()) ->
          new Verdict.Wait(
              shorter(
                  delayMax,
                  longer(delay(BUSY_TRIES, random), answer.retryAfter().orElse(Duration.ZERO))));
      case EngineReply.Answered answer when !retryable(answer.status()) || last ->
          new Verdict.Answer(false);
      case EngineReply.Answered _ -> new Verdict.RetryAfter(delay(tries, random));
      case EngineReply.TimedOut _ when last ->
          new Verdict.NoAnswer(
              "request_timeout",
              "The engine did not answer this request in time, " + triesMax + " times.");
      case EngineReply.TimedOut _ -> new Verdict.RetryAfter(delay(tries, random));
      case EngineReply.Unusable unusable when last ->
          new Verdict.NoAnswer(
              "engine_error",
              "The engine gave no usable answer to this request, "
                  + triesMax
                  + " times; the last time: "
                  + unusable.reason());
      case EngineReply.Unusable _ -> new Verdict.RetryAfter(delay(tries, random));
      case EngineReply.Unreachable _ -> new Verdict.Wait(AWAY_DELAY);
      case EngineReply.Lost lost -> new Verdict.Strike(lost.reason());
    };
  }

  /**
   * Equal jitter: half of the delay is sure, half is random, so that retries spread but never
   * crowd.
   */
  Duration delay(int tries, RandomGenerator random) {
    Duration full = shorter(delayMax, delayBase.multipliedBy(1L << Math.min(tries, 20)));
    return full.dividedBy(2).plusNanos(random.nextLong(full.toNanos() / 2 + 1));
  }

  private static boolean succeeded(int status) {
    return status >= 200 && status < 300;
  }

  /** It says nothing of the request, which is tried until its batch runs out of time. */
  private static boolean busy(int status) {
    return status == 429 || status == 503;
  }

  private static boolean retryable(int status) {
    return status == 408 || status == 425 || status >= 500;
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) <= 0 ? a : b;
  }

  private static Duration longer(Duration a, Duration b) {
    return a.compareTo(b) >= 0 ? a : b;
  }
}
