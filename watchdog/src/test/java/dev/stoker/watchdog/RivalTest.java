package dev.stoker.watchdog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.SlotState;
import dev.stoker.health.SlotView;
import dev.stoker.health.SlotWish;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RivalTest {

  private static final long OURS = 10;
  private static final long ALIVE = 20;

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "another that lives and has just looked, h/1, 20, 14999, true",
    "another whose look is long ago, h/1, 20, 15000, false",
    "another that is dead, h/1, 30, 0, false",
    "we, h/1, 10, 0, false",
    "another that looks after a slot of another name, x/1, 20, 0, false"
  })
  void a_rival_lives_and_looks_after_a_slot_of_ours(
      String what, String worker, long pid, long sinceSeen, boolean rival) {
    SlotView slot =
        new SlotView(
            worker,
            "h",
            SlotState.RUNNING,
            "",
            Duration.ZERO,
            Duration.ofMillis(sinceSeen),
            0,
            pid,
            SlotWish.NONE,
            Optional.empty());
    assertThat(
            Rival.among(List.of(slot), Set.of("h/0", "h/1"), OURS, at -> at == ALIVE || at == OURS)
                .isPresent())
        .as(what)
        .isEqualTo(rival);
  }
}
