package dev.stoker.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventThrottleTest {
  private static final Duration PAUSE = Duration.ofMinutes(10);
  private static final List<String> STORM = List.of("worker-death", "signal KILL");

  // A monotonic clock may stand anywhere, also just before its overflow.
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
  private final EventThrottle throttle = new EventThrottle(PAUSE, now::get);

  @Test
  void the_first_goes_at_once() {
    assertThat(throttle.admit(STORM)).isEqualTo(OptionalInt.of(0));
  }

  @ParameterizedTest(name = "after {0} s: {1}")
  @CsvSource({"0,-", "1,-", "599,-", "600,0", "86400,0"})
  void the_second_goes_after_ten_minutes(long seconds, String heldBack) {
    throttle.admit(STORM);
    pass(Duration.ofSeconds(seconds));
    assertThat(throttle.admit(STORM))
        .isEqualTo(
            heldBack.equals("-")
                ? OptionalInt.empty()
                : OptionalInt.of(Integer.parseInt(heldBack)));
  }

  @Test
  void the_next_that_goes_says_how_many_did_not() {
    throttle.admit(STORM);
    for (int i = 0; i < 42; i++) {
      pass(Duration.ofSeconds(10));
      assertThat(throttle.admit(STORM)).isEmpty();
    }
    pass(PAUSE);
    assertThat(throttle.admit(STORM)).isEqualTo(OptionalInt.of(42));
    pass(PAUSE);
    assertThat(throttle.admit(STORM)).isEqualTo(OptionalInt.of(0));
  }

  @Test
  void a_storm_without_end_is_one_for_each_ten_minutes() {
    long sent = 0;
    for (int second = 0; second < 3600; second++) {
      sent += throttle.admit(STORM).isPresent() ? 1 : 0;
      pass(Duration.ofSeconds(1));
    }
    assertThat(sent).isEqualTo(6);
  }

  @Test
  void another_fingerprint_is_not_held_back() {
    throttle.admit(STORM);
    assertThat(throttle.admit(List.of("worker-death", "exit 3"))).isEqualTo(OptionalInt.of(0));
  }

  @Test
  void of_endless_fingerprints_only_the_youngest_are_remembered() {
    throttle.admit(STORM);
    for (int i = 0; i < 1000; i++) {
      throttle.admit(List.of("id " + i));
    }
    assertThat(throttle.admit(List.of("id 999"))).isEmpty();
    assertThat(throttle.admit(STORM)).isEqualTo(OptionalInt.of(0));
  }

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }
}
