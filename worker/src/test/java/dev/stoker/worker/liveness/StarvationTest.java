package dev.stoker.worker.liveness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.worker.liveness.Starvation.Starved;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StarvationTest {
  private final Starvation starvation = new Starvation();
  private long nowNanos = Long.MAX_VALUE - 3; // it may overflow, as a nanosecond clock may

  @Test
  void a_loop_that_turns_is_not_starved_however_often_it_is_looked_at() {
    for (long second = 0; second < 500; second++) {
      assertThat(look(Map.of("claim", second / 3)).map(Starved::since).orElseThrow())
          .isLessThan(Duration.ofSeconds(3));
    }
  }

  @Test
  void of_several_loops_the_one_that_stands_still_is_named() {
    Optional<Starved> found = Optional.empty();
    for (long second = 0; second <= 125; second++) {
      found = look(Map.of("claim", 7L, "settle", second, "heartbeat", second));
    }

    assertThat(found).contains(new Starved("claim", Duration.ofSeconds(125)));
  }

  @Test
  void a_host_that_slept_starves_nobody() {
    look(Map.of("claim", 7L));
    nowNanos += Duration.ofHours(9).toNanos();

    assertThat(look(Map.of("claim", 7L))).contains(new Starved("claim", Duration.ZERO));
    assertThat(look(Map.of("claim", 7L))).contains(new Starved("claim", Duration.ofSeconds(1)));
  }

  @Test
  void a_loop_that_is_no_longer_watched_is_forgotten() {
    look(Map.of("start", 1L));

    assertThat(look(Map.of("claim", 1L))).contains(new Starved("claim", Duration.ZERO));
    assertThat(look(Map.of("start", 1L))).contains(new Starved("start", Duration.ZERO));
  }

  private Optional<Starved> look(Map<String, Long> turns) {
    nowNanos += Duration.ofSeconds(1).toNanos();
    return starvation.longest(turns, nowNanos);
  }
}
