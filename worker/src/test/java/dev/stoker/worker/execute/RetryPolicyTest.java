package dev.stoker.worker.execute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.TokenUsage;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryPolicyTest {
  private final RetryPolicy policy =
      new RetryPolicy(3, Duration.ofMillis(500), Duration.ofSeconds(30));
  private final Random random = new Random(7);

  @ParameterizedTest
  @CsvSource({
    "200, 0, succeeds",
    "201, 2, succeeds",
    "400, 0, fails",
    "401, 0, fails",
    "404, 0, fails",
    "422, 0, fails",
    "408, 0, retries",
    "425, 1, retries",
    "429, 0, waits",
    "500, 0, retries",
    "503, 1, waits",
    "429, 99, waits",
    "503, 99, waits",
    "500, 2, fails",
    "302, 0, fails"
  })
  void an_answers_status_and_the_tries_before_decide(int status, int tries, String expected) {
    Verdict verdict = policy.decide(tries, answered(status, Optional.empty()), random);

    assertThat(
            switch (verdict) {
              case Verdict.Answer(boolean succeeded) -> succeeded ? "succeeds" : "fails";
              case Verdict.RetryAfter _ -> "retries";
              case Verdict.NoAnswer _ -> "has no answer";
              case Verdict.Wait _ -> "waits";
              case Verdict.Strike _ -> "is a suspect";
            })
        .isEqualTo(expected);
  }

  @Test
  void a_timeout_is_tried_again_until_the_last_try() {
    assertThat(policy.decide(1, new EngineReply.TimedOut(), random))
        .isInstanceOf(Verdict.RetryAfter.class);
    assertThat(policy.decide(2, new EngineReply.TimedOut(), random))
        .isEqualTo(
            new Verdict.NoAnswer(
                "request_timeout", "The engine did not answer this request in time, 3 times."));
  }

  @Test
  void an_engine_out_of_reach_never_costs_a_try() {
    assertThat(policy.decide(99, new EngineReply.Unreachable("gone"), random))
        .isInstanceOf(Verdict.Wait.class);
  }

  @Test
  void an_engine_that_died_leaves_suspects_and_costs_no_try() {
    assertThat(policy.decide(99, new EngineReply.Lost("gone"), random))
        .isEqualTo(new Verdict.Strike("gone"));
  }

  @Test
  void an_unusable_answer_is_tried_again_until_the_last_try() {
    assertThat(policy.decide(1, new EngineReply.Unusable("half of it"), random))
        .isInstanceOf(Verdict.RetryAfter.class);
    assertThat(policy.decide(2, new EngineReply.Unusable("half of it"), random))
        .isEqualTo(
            new Verdict.NoAnswer(
                "engine_error",
                "The engine gave no usable answer to this request, 3 times; the last time: half of it"));
  }

  @Test
  void what_the_engine_asks_for_is_honoured_up_to_the_longest_delay() {
    assertThat(policy.decide(0, answered(429, Optional.of(Duration.ofSeconds(7))), random))
        .isEqualTo(new Verdict.Wait(Duration.ofSeconds(7)));
    assertThat(policy.decide(0, answered(429, Optional.of(Duration.ofHours(1))), random))
        .isEqualTo(new Verdict.Wait(Duration.ofSeconds(30)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 5, 10, 40, 1000})
  void the_delay_is_between_half_and_all_of_a_doubling_that_has_a_cap(int tries) {
    long fullMillis = (long) Math.min(30_000, 500 * Math.pow(2, Math.min(tries, 20)));
    for (int i = 0; i < 200; i++) {
      assertThat(policy.delay(tries, random).toMillis()).isBetween(fullMillis / 2, fullMillis);
    }
  }

  private static EngineReply answered(int status, Optional<Duration> retryAfter) {
    return new EngineReply.Answered(status, new byte[0], TokenUsage.NONE, retryAfter);
  }
}
