package dev.stoker.api.batches;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.api.batches.CreationTurns.Turn;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class CreationTurnsTest {
  private final CreationTurns turns = new CreationTurns();

  @Test
  void four_have_a_turn_at_once_and_the_fifth_waits_for_one_to_end() throws Exception {
    Turn[] four = Stream.generate(turns::await).limit(4).toArray(Turn[]::new);
    CountDownLatch ended = new CountDownLatch(1);
    FutureTask<Long> fifth =
        new FutureTask<>(
            () -> {
              turns.await().close();
              return ended.getCount();
            });
    waits(Thread.ofPlatform().start(fifth));

    ended.countDown();
    four[0].close();

    assertThat(fifth.get()).isZero();
  }

  private static void waits(Thread thread) {
    while (thread.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
  }
}
