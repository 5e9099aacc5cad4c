package dev.stoker.worker.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.worker.model.SwapPolicy.Demand;
import dev.stoker.worker.model.SwapPolicy.Loaded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SwapPolicyTest {
  private static final Duration WAIT_MAX = Duration.ofMinutes(10);

  private final SwapPolicy policy = new SwapPolicy(WAIT_MAX);

  @Test
  void nothing_is_loaded_for_nobody() {
    assertThat(policy.next(Optional.empty(), List.of())).isEmpty();
  }

  @Test
  void the_most_urgent_work_has_its_model_loaded_first() {
    assertThat(policy.next(Optional.empty(), List.of(demand("a", 90, 2), demand("b", 1, 1))))
        .contains("b");
  }

  @Test
  void a_model_stays_while_there_is_work_for_it() {
    assertThat(policy.next(loaded("a", 60, false), List.of(demand("a", 1, 2), demand("b", 9, 1))))
        .isEmpty();
  }

  @Test
  void a_model_stays_while_its_last_lines_run() {
    assertThat(policy.next(loaded("a", 60, true), List.of(demand("b", 9, 1)))).isEmpty();
  }

  @Test
  void a_model_stays_when_nobody_wants_any() {
    assertThat(policy.next(loaded("a", 6000, false), List.of())).isEmpty();
  }

  @Test
  void a_model_without_work_makes_room_at_once() {
    assertThat(policy.next(loaded("a", 0, false), List.of(demand("b", 0, 1)))).contains("b");
  }

  @Test
  void a_model_that_has_waited_too_long_gets_its_turn_before_the_others_work_is_done() {
    List<Demand> demands = List.of(demand("a", 700, 1), demand("b", 600, 2));

    assertThat(policy.next(loaded("a", 599, true), demands)).as("its slice lasts").isEmpty();
    assertThat(policy.next(loaded("a", 600, true), demands)).contains("b");
  }

  @Test
  void one_that_has_just_begun_to_wait_does_not_cut_the_slice_of_another() {
    assertThat(policy.next(loaded("a", 5000, true), List.of(demand("b", 599, 1)))).isEmpty();
  }

  /** Every model has endless work; swaps take no time. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 8})
  void no_model_ever_waits_longer_than_the_bound_and_swaps_are_few(int models) {
    Map<String, Integer> leftAt = new HashMap<>();
    Random random = new Random(models);
    String now = "m0";
    int heldSince = 0;
    int swaps = 0;
    int seconds = 6 * 3600;
    for (int second = 0; second < seconds; second++) {
      List<Demand> demands = new ArrayList<>();
      for (int i = 0; i < models; i++) {
        String model = "m" + i;
        int waits = model.equals(now) ? 0 : second - leftAt.getOrDefault(model, 0);
        assertThat(waits).as("%s at %s s", model, second).isLessThanOrEqualTo(610);
        demands.add(demand(model, waits, random.nextInt()));
      }
      Optional<String> next = policy.next(loaded(now, second - heldSince, true), demands);
      if (next.isPresent()) {
        leftAt.put(now, second);
        now = next.get();
        heldSince = second;
        swaps++;
      }
    }
    assertThat(swaps).isLessThanOrEqualTo(seconds / (600 / (models - 1)));
  }

  private static Optional<Loaded> loaded(String model, int heldSeconds, boolean busy) {
    return Optional.of(new Loaded(model, Duration.ofSeconds(heldSeconds), busy));
  }

  private static Demand demand(String model, int waitsSeconds, int rank) {
    return new Demand(model, Duration.ofSeconds(waitsSeconds), rank);
  }
}
