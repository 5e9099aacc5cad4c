package dev.stoker.api.ending;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReapPauseTest {
  /** So that the clock overflows meanwhile, as nanoTime may. */
  private static final long START = Long.MAX_VALUE - Duration.ofSeconds(10).toNanos();

  private static long at(String second) {
    return START + Duration.ofSeconds(Long.parseLong(second)).toNanos();
  }

  @ParameterizedTest(name = "answers at {0}: {2} at {1}")
  @CsvSource({
    "0,                    0,   false",
    "0 5 10,               14,  false",
    "0 5 10,               15,  true",
    "0 5 10 15 20,         20,  true",
    "0 5 10 15 21,         21,  false",
    "0 5 10 15 21 26 31,   35,  false",
    "0 5 10 15 21 26 31,   36,  true",
    "0 5 10 15 100,        114, false",
    "0 5 10 15 100,        115, true",
    "0 5 10 15 100 110,    124, false",
    "0 5 10 15 100 110,    125, true",
  })
  void an_outage_holds_reaping_up(String answers, String now, boolean over) {
    ReapPause pause = new ReapPause();
    Arrays.stream(answers.split(" ")).forEach(second -> pause.answered(at(second)));
    assertThat(pause.over(at(now))).isEqualTo(over);
  }

  @ParameterizedTest
  @CsvSource({"0", "100"})
  void without_an_answer_nothing_is_reaped(String now) {
    assertThat(new ReapPause().over(at(now))).isFalse();
  }
}
