package dev.stoker.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LoopTest {

  private static final Duration NEVER = Duration.ofDays(1);

  private final AtomicInteger rounds = new AtomicInteger();

  @Test
  void a_step_with_more_to_do_runs_again_at_once() throws InterruptedException {
    CountDownLatch third = new CountDownLatch(3);
    try (Loop _ = new Loop("test", NEVER, () -> counted(third)).start()) {
      assertReached(third);
    }
  }

  @Test
  void a_step_with_nothing_to_do_runs_again_after_the_interval() throws InterruptedException {
    CountDownLatch third = new CountDownLatch(3);
    try (Loop _ = new Loop("test", Duration.ofMillis(1), () -> !counted(third)).start()) {
      assertReached(third);
    }
  }

  @Test
  void a_step_that_throws_does_not_end_the_loop() throws InterruptedException {
    CountDownLatch worked = new CountDownLatch(1);
    Loop.Step step =
        () -> {
          if (rounds.incrementAndGet() == 1) {
            throw new IllegalStateException("provoked");
          }
          return !counted(worked);
        };
    try (Loop _ = new Loop("test", Duration.ofMillis(1), step).start()) {
      assertReached(worked);
    }
  }

  @Test
  void not_even_an_error_ends_the_loop() throws InterruptedException {
    CountDownLatch worked = new CountDownLatch(1);
    Loop.Step step =
        () -> {
          if (rounds.incrementAndGet() == 1) {
            throw new StackOverflowError("provoked");
          }
          return !counted(worked);
        };
    try (Loop _ = new Loop("test", Duration.ofMillis(1), step).start()) {
      assertReached(worked);
    }
  }

  @Test
  void a_wake_runs_the_next_step_now() throws InterruptedException {
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch second = new CountDownLatch(2);
    try (Loop loop = new Loop("test", NEVER, () -> !(counted(first) && counted(second))).start()) {
      assertReached(first);
      loop.wake();
      assertReached(second);
    }
  }

  @Test
  void a_wake_during_a_step_is_not_lost() throws InterruptedException {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch woken = new CountDownLatch(1);
    CountDownLatch second = new CountDownLatch(2);
    Loop.Step step =
        () -> {
          inside.countDown();
          woken.await();
          return !counted(second);
        };
    try (Loop loop = new Loop("test", NEVER, step).start()) {
      assertReached(inside);
      loop.wake();
      woken.countDown();
      assertReached(second);
    }
  }

  @Test
  void wakes_do_not_add_up() throws InterruptedException {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch woken = new CountDownLatch(1);
    CountDownLatch second = new CountDownLatch(2);
    Loop.Step step =
        () -> {
          rounds.incrementAndGet();
          inside.countDown();
          woken.await();
          return !counted(second);
        };
    try (Loop loop = new Loop("test", NEVER, step).start()) {
      assertReached(inside);
      loop.wake();
      loop.wake();
      loop.wake();
      woken.countDown();
      assertReached(second);
      assertThat(loop.close(Duration.ofSeconds(10))).isTrue();
    }
    assertThat(rounds).hasValue(2);
  }

  @Test
  void closing_waits_for_the_step_that_runs_and_does_not_interrupt_it()
      throws InterruptedException {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    AtomicBoolean ended = new AtomicBoolean();
    Loop.Step step =
        () -> {
          inside.countDown();
          mayEnd.await();
          ended.set(true);
          return true;
        };
    try (Loop loop = new Loop("test", NEVER, step).start()) {
      assertReached(inside);
      assertThat(loop.close(Duration.ofMillis(1))).as("still runs").isFalse();
      mayEnd.countDown();
      assertThat(loop.close(Duration.ofSeconds(10))).isTrue();
    }
    assertThat(ended).isTrue();
  }

  @Test
  void nothing_runs_after_closing() throws InterruptedException {
    CountDownLatch first = new CountDownLatch(1);
    Loop loop =
        new Loop(
                "test",
                Duration.ZERO,
                () -> {
                  rounds.incrementAndGet();
                  return counted(first);
                })
            .start();
    assertReached(first);
    loop.close();
    int atTheEnd = rounds.get();
    loop.wake();
    assertThat(loop.close(Duration.ofSeconds(10))).as("closing twice is harmless").isTrue();
    assertThat(rounds).hasValue(atTheEnd);
  }

  @Test
  void an_interrupt_ends_a_step_that_waits_for_ever() throws InterruptedException {
    CountDownLatch inside = new CountDownLatch(1);
    Loop.Step step =
        () -> {
          inside.countDown();
          new CountDownLatch(1).await();
          return true;
        };
    Loop loop = new Loop("test", NEVER, step).start();
    assertReached(inside);
    loop.interrupt();
    assertThat(loop.close(Duration.ofSeconds(10))).isTrue();
  }

  @Test
  void starting_twice_is_refused() {
    try (Loop loop = new Loop("test", NEVER, () -> false).start()) {
      assertThatThrownBy(loop::start).isInstanceOf(IllegalThreadStateException.class);
    }
  }

  @Test
  void a_loop_that_never_started_closes_at_once() {
    try (Loop loop = new Loop("test", NEVER, () -> false)) {
      assertThat(loop.close(Duration.ZERO)).isTrue();
    }
  }

  private static boolean counted(CountDownLatch latch) {
    latch.countDown();
    return true;
  }

  private static void assertReached(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
  }
}
