package dev.stoker.worker.engine.openai;

import dev.stoker.worker.engine.TokenUsage;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/** What went to and fro, counted by many threads at once. */
final class Traffic {

  /** What came between two looks. */
  record Part(long answered, Duration meanLatency, long pushedBack, double tokensPerSecond) {}

  /** Fewer tokens say more of the prompt than of the speed. */
  private static final long TOKENS_WORTH_MEASURING = 8;

  private final LongAdder answers = new LongAdder();
  private final LongAdder latencyNanos = new LongAdder();
  private final LongAdder pushedBack = new LongAdder();
  private final LongAdder outputTokens = new LongAdder();
  private final LongAdder outputNanos = new LongAdder();

  private long answersTaken;
  private long latencyTaken;
  private long pushedBackTaken;
  private long tokensTaken;
  private long outputNanosTaken;

  void answered(long nanos, TokenUsage usage) {
    answers.increment();
    latencyNanos.add(nanos);
    if (usage.output() >= TOKENS_WORTH_MEASURING) {
      outputTokens.add(usage.output());
      outputNanos.add(nanos);
    }
  }

  /** Too many at once, or too slow. */
  void pushedBack() {
    pushedBack.increment();
  }

  /** Grows with every answer of any kind. */
  long replies() {
    return answers.sum() + pushedBack.sum();
  }

  /** What came since the last call; for one thread. Speed is 0 where nothing shows it. */
  Part take() {
    long answered = answers.sum() - answersTaken;
    long nanos = latencyNanos.sum() - latencyTaken;
    long pushes = pushedBack.sum() - pushedBackTaken;
    long tokens = outputTokens.sum() - tokensTaken;
    long tokenNanos = outputNanos.sum() - outputNanosTaken;
    answersTaken += answered;
    latencyTaken += nanos;
    pushedBackTaken += pushes;
    tokensTaken += tokens;
    outputNanosTaken += tokenNanos;
    return new Part(
        answered,
        answered == 0 ? Duration.ZERO : Duration.ofNanos(nanos / answered),
        pushes,
        tokenNanos == 0 ? 0 : tokens * 1e9 / tokenNanos);
  }
}
