package dev.stoker.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SimulationTest {
  private static final int SEEDS = 200;
  private static final int STEPS_SHOWN = 60;

  private static Laboratory laboratory;

  @BeforeAll
  static void open() {
    laboratory = new Laboratory();
  }

  @AfterAll
  static void close() {
    laboratory.close();
  }

  @Test
  void every_promise_holds_whatever_dies_in_whatever_order() {
    for (long seed = 1; seed <= SEEDS; seed++) {
      holds(seed);
    }
  }

  @Test
  void the_same_seed_gives_the_same_steps() {
    List<String> steps = holds(7).history();
    holds(8);

    assertThat(holds(7).history()).isEqualTo(steps);
  }

  private static Laboratory.Report holds(long seed) {
    try {
      return laboratory.run(seed);
    } catch (Laboratory.Broken broken) {
      List<String> steps = broken.history();
      String last =
          String.join("\n", steps.subList(Math.max(0, steps.size() - STEPS_SHOWN), steps.size()));
      return fail(
          "%s%n%nIts last steps, of which scripts/replay %s shows all:%n%s"
              .formatted(broken.getMessage(), broken.seed(), last),
          broken);
    }
  }
}
