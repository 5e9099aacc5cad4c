package dev.stoker.engine.mock;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SlotQueueTest {
  private final SlotQueue<String> queue = new SlotQueue<>(2, 2);

  @Test
  void requests_run_side_by_side_and_end_when_their_time_is_over() {
    queue.add("long", 30, 0);
    queue.add("short", 10, 5);

    assertThat(finished(14)).isEmpty();
    assertThat(finished(15)).containsExactly("short");
    assertThat(finished(30)).containsExactly("long");
    assertThat(queue.nextEnd()).isEmpty();
  }

  @Test
  void a_slot_is_taken_again_at_the_moment_it_became_free_however_late_anybody_looks() {
    queue.add("a", 10, 0);
    queue.add("b", 100, 0);
    queue.add("c", 10, 1);
    queue.add("d", 10, 2);

    assertThat(finished(29)).containsExactly("a", "c");
    assertThat(queue.nextEnd()).hasValue(30);
    assertThat(finished(30)).containsExactly("d");
  }

  @Test
  void who_waits_is_served_in_the_order_of_arrival() {
    queue.add("a", 10, 0);
    queue.add("b", 10, 0);
    queue.add("long", 50, 1);
    queue.add("short", 1, 2);

    assertThat(finished(11)).containsExactly("a", "b", "short");
    assertThat(finished(60)).containsExactly("long");
  }

  @Test
  void there_is_room_in_the_queue_and_no_more() {
    for (int i = 0; i < 4; i++) {
      assertThat(queue.hasRoom()).isTrue();
      queue.add("request", 10, 0);
    }

    assertThat(queue.hasRoom()).isFalse();
    finished(10);
    assertThat(queue.hasRoom()).isTrue();
  }

  @Test
  void a_cancelled_request_makes_room_for_the_next() {
    var running = queue.add("running", 100, 0);
    queue.add("other", 100, 0);
    var waiting = queue.add("waiting", 10, 0);
    queue.add("last", 10, 0);

    queue.cancel(waiting, 5);
    queue.cancel(running, 6);

    assertThat(finished(16)).containsExactly("last");
    assertThat(queue.waitingCount()).isZero();
    assertThat(queue.runningCount()).isEqualTo(1);
  }

  private List<String> finished(long now) {
    return queue.finished(now).stream().map(SlotQueue.Entry::request).toList();
  }
}
