package dev.stoker.engine.mock;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EngineClockTest {
  private final EngineClock clock = new EngineClock(1_000);

  @Test
  void it_begins_at_zero_and_runs_as_time_does() {
    assertThat(clock.engineTime(1_500)).isEqualTo(500);
    assertThat(clock.nanosUntil(700, 1_500)).isEqualTo(200);
  }

  @Test
  void a_slow_engine_gets_less_done_in_the_same_time() {
    clock.run(0.25, 1_400);

    assertThat(clock.engineTime(1_800)).isEqualTo(500);
    assertThat(clock.nanosUntil(600, 1_800)).isEqualTo(400);
  }

  @Test
  void while_it_hangs_no_time_passes_nor_is_any_made_up_for() {
    clock.run(0, 1_400);
    assertThat(clock.stands()).isTrue();
    assertThat(clock.engineTime(9_000)).isEqualTo(400);

    clock.run(1, 9_000);

    assertThat(clock.stands()).isFalse();
    assertThat(clock.engineTime(9_100)).isEqualTo(500);
  }
}
