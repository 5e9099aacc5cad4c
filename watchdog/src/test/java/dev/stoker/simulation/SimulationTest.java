package dev.stoker.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimulationTest {
  private static final int SEEDS = 100;
  private static final int STEPS_SHOWN = 60;

  @Test
  void every_promise_holds_whatever_dies_in_whatever_order() throws Exception {
    Collected collected = new Collected();

    new Campaign(1, SEEDS, collected).run(2);

    assertThat(collected.broken).isEmpty();
    assertThat(collected.reports).hasSize(SEEDS);
  }

  @Test
  void a_client_that_asks_again_after_more_than_a_minute_may_get_a_second_batch() {
    holds(30);
  }

  @Test
  void a_worker_that_was_stopped_for_longer_than_its_lease_stores_nothing_for_its_successor() {
    holds(36);
  }

  @Test
  void many_lines_that_are_suspected_run_alone_and_end_nevertheless() {
    holds(125);
  }

  @Test
  void hundreds_of_suspects_one_after_the_other_end_nevertheless() {
    holds(3095);
    holds(3559);
  }

  @Test
  void a_stopped_process_whose_statement_waits_for_a_lock_is_not_cut_off_as_idle() {
    holds(168);
  }

  private static void holds(long seed) {
    try (Laboratory laboratory = new Laboratory()) {
      assertThat(laboratory.run(seed).steps()).isPositive();
    }
  }

  @Test
  void the_same_seed_gives_the_same_steps() {
    try (Laboratory laboratory = new Laboratory()) {
      List<String> steps = laboratory.run(7).history();
      laboratory.run(8);

      assertThat(laboratory.run(7).history()).isEqualTo(steps);
    }
  }

  private static final class Collected implements Campaign.Listener {
    private final List<Laboratory.Report> reports = Collections.synchronizedList(new ArrayList<>());
    private final List<String> broken = Collections.synchronizedList(new ArrayList<>());

    @Override
    public void held(Laboratory.Report report) {
      reports.add(report);
    }

    @Override
    public void broken(Laboratory.Broken e) {
      List<String> steps = e.history();
      String last =
          String.join("\n", steps.subList(Math.max(0, steps.size() - STEPS_SHOWN), steps.size()));
      broken.add(
          "%s%nIts last steps, of which scripts/replay %d shows all:%n%s"
              .formatted(e.getMessage(), e.seed(), last));
    }
  }
}
