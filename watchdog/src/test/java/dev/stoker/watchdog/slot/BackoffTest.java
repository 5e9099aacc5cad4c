package dev.stoker.watchdog.slot;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BackoffTest {

  private static final Duration MAX = Duration.ofMinutes(5);
  private final Backoff backoff = new Backoff(MAX);

  @Test
  void the_first_respawn_is_at_once() {
    assertThat(backoff.before(0, 1)).isZero();
    assertThat(backoff.before(1, 1)).isZero();
  }

  @Test
  void then_it_doubles_from_a_second_up_to_the_most() {
    assertThat(backoff.before(2, 1)).isEqualTo(Duration.ofSeconds(1));
    assertThat(backoff.before(3, 1)).isEqualTo(Duration.ofSeconds(2));
    assertThat(backoff.before(10, 1)).isEqualTo(Duration.ofSeconds(256));
    assertThat(backoff.before(11, 1)).isEqualTo(MAX);
    assertThat(backoff.before(Integer.MAX_VALUE, 1)).isEqualTo(MAX);
  }

  @Test
  void half_of_it_is_chance() {
    Random random = new Random(7);
    for (int i = 0; i < 10_000; i++) {
      int streak = 2 + random.nextInt(100);
      Duration full = backoff.before(streak, 1);
      assertThat(backoff.before(streak, random.nextDouble())).isBetween(full.dividedBy(2), full);
    }
  }
}
