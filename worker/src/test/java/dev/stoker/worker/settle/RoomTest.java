package dev.stoker.worker.settle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class RoomTest {
  private static final long BYTES_MAX = 100;

  private final Room room = new Room(2, BYTES_MAX);

  @Test
  void so_many_lines_fill_it() throws Exception {
    assertThat(room.empty()).isTrue();
    room.enter();
    assertThat(room.full()).isFalse();
    room.enter();
    assertThat(room.full()).isTrue();
    room.leave(2, 0);
    assertThat(room.empty()).isTrue();
  }

  @Test
  void results_that_are_large_together_fill_it_and_their_lines_may_still_end() throws Exception {
    room.enter();
    room.enter();
    room.fill(BYTES_MAX - 1);
    room.leave(1, 0);
    assertThat(room.full()).isFalse();
    room.enter();
    room.fill(BYTES_MAX);
    room.leave(1, BYTES_MAX - 1);
    assertThat(room.full()).as("one line, but a large one").isTrue();
    room.leave(1, BYTES_MAX);
    assertThat(room.full()).isFalse();
    assertThat(room.empty()).isTrue();
  }

  @Test
  void who_finds_it_full_waits_for_somebody_to_leave() throws Exception {
    room.enter();
    room.enter();
    FutureTask<Void> entering =
        new FutureTask<>(
            () -> {
              room.enter();
              return null;
            });
    Thread thread = Thread.ofPlatform().start(entering);
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    assertThat(entering.isDone()).isFalse();

    room.leave(1, 0);

    entering.get();
    assertThat(room.full()).isTrue();
  }
}
