package dev.stoker.id;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class OrderedIdsTest {

  private final AtomicLong millis = new AtomicLong(1_700_000_000_000L);
  private final OrderedIds ids = new OrderedIds(() -> Instant.ofEpochMilli(millis.get()));

  @Test
  void an_id_begins_with_the_milliseconds_of_its_making() {
    assertThat(ids.next().getMostSignificantBits() >>> 16).isEqualTo(1_700_000_000_000L);
  }

  @Test
  void an_id_says_version_7_and_the_variant_of_the_rfc() {
    for (int i = 0; i < 1_000; i++) {
      UUID id = ids.next();
      assertThat(id.version()).isEqualTo(7);
      assertThat(id.variant()).isEqualTo(2);
    }
  }

  @Test
  void ids_only_grow_within_one_millisecond() {
    assertGrowing(take(10_000));
  }

  @Test
  void ids_only_grow_when_the_clock_is_set_back() {
    List<UUID> made = take(3);
    millis.addAndGet(-3_600_000);
    made.addAll(take(3));
    millis.addAndGet(7_200_000);
    made.addAll(take(3));
    assertGrowing(made);
    assertThat(made.getLast().getMostSignificantBits() >>> 16)
        .as("goes with the clock again once it has caught up")
        .isBetween(1_700_003_600_000L, 1_700_003_600_003L);
  }

  @Test
  void two_instances_make_different_ids_at_the_same_time() {
    OrderedIds others = new OrderedIds(() -> Instant.ofEpochMilli(millis.get()));
    HashSet<UUID> all = new HashSet<>(take(1_000));
    for (int i = 0; i < 1_000; i++) {
      all.add(others.next());
    }
    assertThat(all).hasSize(2_000);
  }

  @Test
  void threads_never_get_the_same_id() throws InterruptedException {
    ConcurrentLinkedQueue<UUID> made = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      threads.add(Thread.ofPlatform().start(() -> made.addAll(take(2_000))));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(made).hasSize(8_000).doesNotHaveDuplicates();
  }

  private List<UUID> take(int count) {
    List<UUID> made = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      made.add(ids.next());
    }
    return made;
  }

  /** As PostgreSQL compares them: byte by byte. */
  private static void assertGrowing(List<UUID> made) {
    assertThat(made).doesNotHaveDuplicates();
    assertThat(made.stream().map(UUID::toString)).isSorted();
  }
}
