package dev.stoker.worker.engine.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestDeadlineTest {
  private static final RequestDeadline DEADLINE = new RequestDeadline(Duration.ofMinutes(1));

  @ParameterizedTest
  @CsvSource({
    "600, 100, 10, 80", // eight times what it may take
    "600, 1000, 10, 600", // the caller waits no longer
    "600, 1, 1000, 60", // never so little
    "30, 1, 1000, 30", // unless the caller waits less
    "600, 100, 0, 600", // the speed is not known yet
    "600, 1000000000000, 0.001, 600"
  })
  void a_request_gets_as_long_as_its_tokens_may_take(
      long callers, long tokensMax, double perSecond, long expected) {
    assertThat(DEADLINE.of(Duration.ofSeconds(callers), OptionalLong.of(tokensMax), perSecond))
        .isEqualTo(Duration.ofSeconds(expected));
  }

  @Test
  void a_request_that_says_nothing_of_its_tokens_gets_as_long_as_its_caller_waits() {
    assertThat(DEADLINE.of(Duration.ofMinutes(10), OptionalLong.empty(), 10))
        .isEqualTo(Duration.ofMinutes(10));
  }
}
