package dev.stoker.api.batches;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PaceTest {
  @ParameterizedTest
  @CsvSource({"1, 0", "2, 1600", "32, 25600", "64, 51200"})
  void a_larger_group_leaves_more_room_and_one_client_alone_is_not_held_up(
      int batches, long micros) {
    assertThat(Pace.after(batches)).isEqualTo(Duration.ofNanos(micros * 1_000));
  }
}
