package dev.stoker.worker.lease;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LookAheadTest {
  private static final int SLOTS = 32;
  private static final long START = Long.MAX_VALUE - 5; // the clock of a JVM may overflow

  private final LookAhead lookAhead = new LookAhead(START);

  @Test
  void a_slow_engine_has_a_line_waiting_for_each_slot() {
    take(SLOTS, Duration.ofSeconds(1));
    assertThat(lookAhead.missing(SLOTS, 0)).isEqualTo(SLOTS);
    assertThat(lookAhead.missing(SLOTS, SLOTS - 1)).isEqualTo(1);
    assertThat(lookAhead.missing(SLOTS, SLOTS)).isZero();
  }

  @Test
  void a_fast_engine_has_lines_for_a_fifth_of_a_second_and_claims_half_of_them_at_once() {
    take(10_000, Duration.ofSeconds(1));
    assertThat(lookAhead.missing(SLOTS, 0)).isEqualTo(2000);
    assertThat(lookAhead.low(SLOTS)).isEqualTo(1000);
    assertThat(lookAhead.missing(SLOTS, 999)).isEqualTo(1001);
    assertThat(lookAhead.missing(SLOTS, 1000)).isZero();
  }

  @Test
  void however_fast_it_is_the_lines_are_bounded() {
    take(1_000_000, Duration.ofSeconds(1));
    assertThat(lookAhead.missing(SLOTS, 0)).isEqualTo(4096);
    assertThat(lookAhead.missing(5000, 0)).as("one for each slot, still").isEqualTo(5000);
  }

  @Test
  void a_moment_shows_no_speed_but_counts_with_what_follows() {
    take(100, Duration.ofMillis(1));
    assertThat(lookAhead.missing(SLOTS, 0)).isEqualTo(SLOTS);
    lookAhead.measure(START + Duration.ofMillis(100).toNanos());
    assertThat(lookAhead.missing(SLOTS, 0)).isEqualTo(200);
  }

  @Test
  void an_engine_that_rests_is_slow_when_it_begins_again() {
    take(10_000, Duration.ofSeconds(1));
    lookAhead.measure(START + Duration.ofSeconds(2).toNanos());
    assertThat(lookAhead.missing(SLOTS, 0)).isEqualTo(SLOTS);
  }

  private void take(int lines, Duration within) {
    for (int line = 0; line < lines; line++) {
      lookAhead.taken();
    }
    lookAhead.measure(START + within.toNanos());
  }
}
