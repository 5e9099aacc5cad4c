package dev.stoker.worker.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PendingTextsTest {
  private static final int ROOM = 4;

  private final PendingTexts<String> pending = new PendingTexts<>(_ -> ROOM);

  @Test
  void nothing_pending_gives_nothing() {
    assertThat(pending.take()).isEmpty();
  }

  @Test
  void a_text_alone_is_taken_at_once() {
    pending.add(7, "alone");

    assertThat(pending.take()).containsExactly("alone");
    assertThat(pending.size()).isZero();
  }

  @Test
  void texts_of_one_length_go_together_oldest_first_and_no_more_than_fit() {
    addAll(7, "a", "b", "c", "d", "e");

    assertThat(pending.take()).containsExactly("a", "b", "c", "d");
    assertThat(pending.take()).containsExactly("e");
  }

  @Test
  void the_fullest_batch_goes_first() {
    addAll(7, "older");
    addAll(9, "a", "b", "c");

    assertThat(pending.take()).containsExactly("a", "b", "c");
    assertThat(pending.take()).containsExactly("older");
  }

  @Test
  void of_equally_full_batches_the_longest_waiting_goes_first() {
    addAll(9, "older");
    addAll(7, "younger");

    assertThat(pending.take()).containsExactly("older");
  }

  @Test
  void a_batch_that_has_room_for_one_is_full_with_one() {
    var texts = new PendingTexts<String>(length -> length > 100 ? 1 : ROOM);
    texts.add(200, "long");
    List.of("a", "b", "c").forEach(text -> texts.add(7, text));

    assertThat(texts.take()).containsExactly("long");
  }

  @Test
  void a_removed_text_is_not_taken() {
    addAll(7, "a", "b");
    pending.remove(7, "a");
    pending.remove(7, "never added");
    pending.remove(8, "b");

    assertThat(pending.size()).isEqualTo(1);
    assertThat(pending.take()).containsExactly("b");
    assertThat(pending.take()).isEmpty();
  }

  @Test
  void a_rare_length_is_due_however_full_the_others_are() {
    pending.add(99, "rare");
    int taken = 0;
    while (!fullBatchOf(7).contains("rare") && taken < 1_000) {
      taken += ROOM;
    }

    assertThat(taken).isEqualTo(PendingTexts.PATIENCE * (1 + ROOM));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void no_text_waits_beyond_its_bound_and_none_is_lost(long seed) {
    Random random = new Random(seed);
    Map<String, Integer> boundByText = new HashMap<>();
    int taken = 0;
    for (int step = 0; step < 5_000; step++) {
      // Half of all texts have one length, so that it alone could keep the threads busy.
      for (int i = random.nextInt(2 * ROOM); i > 0 && pending.size() < 200; i--) {
        String text = step + "/" + i;
        pending.add(random.nextBoolean() ? 7 : random.nextInt(8, 60), text);
        boundByText.put(text, taken + 2 * PendingTexts.PATIENCE * (pending.size() + ROOM));
      }
      List<String> batch = pending.take();
      for (String text : batch) {
        assertThat(taken).isLessThanOrEqualTo(boundByText.remove(text));
      }
      taken += batch.size();
    }

    assertThat(boundByText).hasSize(pending.size());
  }

  private List<String> fullBatchOf(int length) {
    for (int i = 0; i < ROOM; i++) {
      pending.add(length, "common" + i);
    }
    return pending.take();
  }

  private void addAll(int length, String... texts) {
    List.of(texts).forEach(text -> pending.add(length, text));
  }
}
