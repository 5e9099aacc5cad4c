package dev.stoker.worker.engine.onnx;

import static java.util.Comparator.comparingDouble;
import static java.util.Comparator.comparingLong;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;

/**
 * The texts that wait to be run, by length, and the choice of who runs next. Not safe for threads.
 *
 * <p>The fullest batch goes first, and the longest waiting of equally full ones. A text of a rare
 * length is not passed over for ever: once {@value #PATIENCE} times as many texts have been taken
 * as waited when it came, its length goes first, whatever is full. Counting texts instead of
 * seconds makes that the same bound for a fast machine and a slow one.
 *
 * @param <T> a text; equal to itself only
 */
final class PendingTexts<T> {

  /** A text's wait is at most this many times what it would be in a queue, and a little. */
  static final int PATIENCE = 4;

  private final IntUnaryOperator batchTexts;
  private final Map<Integer, Bucket<T>> buckets = new TreeMap<>();
  private int size;
  private long taken;

  /**
   * @param batchTexts how many texts of a length may run together
   */
  PendingTexts(IntUnaryOperator batchTexts) {
    this.batchTexts = batchTexts;
  }

  int size() {
    return size;
  }

  void add(int length, T text) {
    size++;
    int room = batchTexts.applyAsInt(length);
    buckets
        .computeIfAbsent(length, _ -> new Bucket<>(length, room, new LinkedHashMap<>()))
        .dueByText
        .put(text, taken + (long) PATIENCE * (size + room));
  }

  /** Takes a text out that is not to be run; does nothing if it is not here. */
  void remove(int length, T text) {
    Bucket<T> bucket = buckets.get(length);
    if (bucket != null && bucket.dueByText.remove(text) != null) {
      size--;
      dropIfEmpty(bucket);
    }
  }

  /** Takes the next micro-batch: texts of one length, oldest first; none if nothing waits. */
  List<T> take() {
    if (buckets.isEmpty()) {
      return List.of();
    }
    Bucket<T> bucket = choose();
    List<T> batch = bucket.take();
    size -= batch.size();
    taken += batch.size();
    dropIfEmpty(bucket);
    return batch;
  }

  private Bucket<T> choose() {
    Comparator<Bucket<T>> byDue = comparingLong(Bucket::due);
    Bucket<T> first = buckets.values().stream().min(byDue).orElseThrow();
    if (first.due() <= taken) {
      return first;
    }
    Comparator<Bucket<T>> byFill = comparingDouble(Bucket::fill);
    return buckets.values().stream().max(byFill.thenComparing(byDue.reversed())).orElseThrow();
  }

  private void dropIfEmpty(Bucket<T> bucket) {
    if (bucket.dueByText.isEmpty()) {
      buckets.remove(bucket.length);
    }
  }

  /** The texts of one length in the order they came, each with the count at which it is due. */
  private record Bucket<T>(int length, int room, SequencedMap<T, Long> dueByText) {

    long due() {
      return dueByText.firstEntry().getValue();
    }

    double fill() {
      return Math.min(1.0, (double) dueByText.size() / room);
    }

    List<T> take() {
      List<T> batch = new ArrayList<>(room);
      while (batch.size() < room && !dueByText.isEmpty()) {
        batch.add(dueByText.pollFirstEntry().getKey());
      }
      return batch;
    }
  }
}
