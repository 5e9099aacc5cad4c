package dev.stoker.watchdog.slot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.watchdog.process.ExitStatus;
import dev.stoker.watchdog.process.OutOfMemory.Killer;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlameTest {

  @ParameterizedTest
  @CsvSource({
    // code, signal, killer, answered, blamed
    "0,9,SOMEBODY,12,false",
    "0,9,SOMEBODY,0,true",
    "0,9,SOMEBODY,,false",
    "0,9,KERNEL_OUT_OF_MEMORY,12,true",
    "0,9,UNKNOWN,12,true",
    "0,11,SOMEBODY,12,true",
    "0,6,,,true",
    "0,15,SOMEBODY,0,false",
    "0,0,,,false",
    "3,0,,12,true",
    "71,0,,12,true",
    "75,0,,0,false",
    "78,0,,0,false",
  })
  void a_death_is_blamed_on_what_ran_unless_somebody_else_is_to_blame(
      int code, int signal, Killer killer, Long answered, boolean blamed) {
    Cause died = new Cause.Died(Optional.of(new ExitStatus(code, signal, false)));
    assertThat(Blame.of(died, Optional.ofNullable(killer), Optional.ofNullable(answered)))
        .isEqualTo(blamed);
  }

  @Test
  void a_worker_that_hung_may_have_hung_on_a_line_and_one_that_was_stopped_did_not() {
    assertThat(blamed(new Cause.Silent(Duration.ofMinutes(2)))).isTrue();
    assertThat(blamed(new Cause.Stuck(Duration.ofMinutes(2), 3))).isTrue();
    assertThat(blamed(new Cause.Planned("the watchdog stops"))).isFalse();
    assertThat(blamed(new Cause.CutOff(Duration.ofMinutes(2)))).isFalse();
    assertThat(blamed(new Cause.FoundDead())).isFalse();
    assertThat(blamed(new Cause.Superseded())).isFalse();
  }

  private static boolean blamed(Cause cause) {
    return Blame.of(cause, Optional.of(Killer.SOMEBODY), Optional.of(5L));
  }
}
