package dev.stoker.watchdog.alert;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class OutboxTest {
  private final Outbox outbox = new Outbox(3);
  private final List<Integer> done = new CopyOnWriteArrayList<>();

  @Test
  void what_is_handed_over_is_done_in_order() {
    for (int i = 0; i < 3; i++) {
      int number = i;
      outbox.add(() -> done.add(number));
    }
    outbox.close(Duration.ofSeconds(30));
    assertThat(done).containsExactly(0, 1, 2);
  }

  @Test
  void who_hands_over_never_waits_and_what_does_not_fit_is_counted() {
    CountDownLatch hung = new CountDownLatch(1);
    for (int i = 0; i < 10; i++) {
      outbox.add(
          () -> {
            await(hung);
            done.add(1);
          });
    }
    // One is being done and three wait, although nothing has been finished yet.
    assertThat(done).isEmpty();
    assertThat(outbox.dropped()).isEqualTo(6);
    hung.countDown();
    outbox.close(Duration.ofSeconds(30));
    assertThat(done).hasSize(4);
  }

  @Test
  void one_that_fails_does_not_stop_the_next() {
    outbox.add(
        () -> {
          throw new IllegalStateException("odd");
        });
    outbox.add(() -> done.add(1));
    outbox.close(Duration.ofSeconds(30));
    assertThat(done).containsExactly(1);
  }

  @Test
  void the_end_does_not_wait_for_what_hangs() {
    CountDownLatch never = new CountDownLatch(1);
    outbox.add(() -> await(never));
    outbox.close(Duration.ofMillis(10));
    outbox.add(() -> done.add(1));
    assertThat(outbox.dropped()).isEqualTo(1);
    never.countDown();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
