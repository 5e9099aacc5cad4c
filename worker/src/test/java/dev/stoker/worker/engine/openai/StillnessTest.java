package dev.stoker.worker.engine.openai;

import static dev.stoker.worker.engine.openai.Stillness.Verdict.ASK;
import static dev.stoker.worker.engine.openai.Stillness.Verdict.FINE;
import static dev.stoker.worker.engine.openai.Stillness.Verdict.FROZEN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.worker.engine.openai.Stillness.Look;
import dev.stoker.worker.engine.openai.Stillness.Verdict;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class StillnessTest {
  private static final int PATIENCE = 60;

  private final Stillness stillness = new Stillness(Duration.ofSeconds(PATIENCE), 0);

  @Test
  void an_engine_that_stands_still_is_asked_once_and_then_counts_as_frozen() {
    assertThat(from(1, PATIENCE - 1, still())).containsOnly(FINE);
    assertThat(at(PATIENCE, still())).isEqualTo(ASK);
    assertThat(from(PATIENCE + 1, 2 * PATIENCE - 1, still())).containsOnly(FINE);
    assertThat(at(2 * PATIENCE, still())).isEqualTo(FROZEN);
  }

  @Test
  void one_that_moves_is_fine_for_ever() {
    for (int second = 1; second < 1000; second++) {
      assertThat(at(second, new Look(8, Math.floorDiv(second, 30), true, true))).isEqualTo(FINE);
    }
  }

  @Test
  void one_that_answers_the_canary_is_asked_again_much_later() {
    from(1, PATIENCE, still());
    assertThat(at(PATIENCE + 5, new Look(8, 1, true, false))).isEqualTo(FINE);
    assertThat(from(PATIENCE + 6, 2 * PATIENCE + 4, new Look(8, 1, true, false)))
        .containsOnly(FINE);
    assertThat(at(2 * PATIENCE + 5, new Look(8, 1, true, false))).isEqualTo(ASK);
  }

  @Test
  void one_that_has_no_requests_may_stand_still() {
    assertThat(from(1, 10 * PATIENCE, new Look(0, 0, true, false))).containsOnly(FINE);
  }

  @Test
  void one_without_counters_may_work_for_long_as_long_as_no_answer_is_overdue() {
    assertThat(from(1, 10 * PATIENCE, new Look(8, 0, false, false))).containsOnlyOnce(ASK);
    assertThat(at(10 * PATIENCE + 1, new Look(8, 0, false, true))).isEqualTo(FROZEN);
  }

  @Test
  void a_pause_of_this_process_is_not_the_engines_fault() {
    from(1, PATIENCE + 1, still());
    assertThat(at(5000, still())).isEqualTo(FINE);
    assertThat(at(5001, still())).isEqualTo(FINE);
  }

  @Test
  void an_engine_that_has_come_back_begins_anew() {
    from(1, PATIENCE + 1, still());
    stillness.restart(seconds(PATIENCE + 2));
    assertThat(at(PATIENCE + 3, still())).isEqualTo(FINE);
  }

  @Test
  void it_knows_whether_the_engine_has_moved_since_a_request_began() {
    at(10, new Look(8, 1, true, false));
    at(20, new Look(8, 1, true, false));
    assertThat(stillness.movedSince(seconds(9))).isTrue();
    assertThat(stillness.movedSince(seconds(11))).isFalse();
  }

  private static Look still() {
    return new Look(8, 0, true, false);
  }

  private Verdict at(int second, Look look) {
    return stillness.look(look, seconds(second));
  }

  private Verdict[] from(int first, int last, Look look) {
    Verdict[] verdicts = new Verdict[last - first + 1];
    for (int second = first; second <= last; second++) {
      verdicts[second - first] = at(second, look);
    }
    return verdicts;
  }

  private static long seconds(int seconds) {
    return Duration.ofSeconds(seconds).toNanos();
  }
}
