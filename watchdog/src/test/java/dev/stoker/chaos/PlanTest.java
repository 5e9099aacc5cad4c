package dev.stoker.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PlanTest {
  @Test
  void the_same_seed_gives_the_same_plan_and_another_another() {
    Duration length = Duration.ofMinutes(30);

    assertThat(Plan.of(7, length)).isEqualTo(Plan.of(7, length)).isNotEqualTo(Plan.of(8, length));
  }

  @Test
  void three_minutes_have_room_for_each_fault() {
    Plan plan = Plan.of(7, Duration.ofMinutes(3));

    assertThat(plan.strikes().stream().map(Plan.Strike::fault).collect(Collectors.toSet()))
        .containsExactlyInAnyOrder(Fault.values());
  }
}
