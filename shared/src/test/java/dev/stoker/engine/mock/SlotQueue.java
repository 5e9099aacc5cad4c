package dev.stoker.engine.mock;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import java.util.PriorityQueue;

/**
 * Continuous batching as arithmetic: so many requests run at once, each for as long as it takes,
 * and the others wait in the order in which they came. A slot that becomes free is taken at that
 * very moment, however late anybody looks. All times are nanoseconds of the engine.
 */
final class SlotQueue<T> {

  /** One request, with when it runs once it does. */
  static final class Entry<T> {
    private final T request;
    private final long duration;
    private long startsAt;

    private Entry(T request, long duration) {
      this.request = request;
      this.duration = duration;
    }

    T request() {
      return request;
    }

    long duration() {
      return duration;
    }

    /** How much of its time has passed, at most all of it. */
    long ran(long now) {
      return Math.clamp(now - startsAt, 0, duration);
    }

    private long endsAt() {
      return startsAt + duration;
    }
  }

  private final int slots;
  private final int queueMax;
  private final PriorityQueue<Entry<T>> running =
      new PriorityQueue<>(Comparator.comparingLong(Entry::endsAt));
  private final Deque<Entry<T>> waiting = new ArrayDeque<>();

  SlotQueue(int slots, int queueMax) {
    this.slots = slots;
    this.queueMax = queueMax;
  }

  /** Whether there is room for one more, running or waiting. */
  boolean hasRoom() {
    return running.size() < slots || waiting.size() < queueMax;
  }

  /** Takes a request that arrives now. Whoever calls has called {@link #finished} for now. */
  Entry<T> add(T request, long duration, long now) {
    Entry<T> entry = new Entry<>(request, duration);
    if (running.size() < slots) {
      start(entry, now);
    } else {
      waiting.add(entry);
    }
    return entry;
  }

  /** Those that have ended by now, in that order; others have started in their place. */
  List<Entry<T>> finished(long now) {
    List<Entry<T>> finished = new ArrayList<>();
    while (!running.isEmpty() && running.peek().endsAt() <= now) {
      Entry<T> entry = running.remove();
      finished.add(entry);
      startNext(entry.endsAt());
    }
    return finished;
  }

  /** Forgets a request whose client has gone. */
  void cancel(Entry<T> entry, long now) {
    if (running.remove(entry)) {
      startNext(now);
    } else {
      waiting.remove(entry);
    }
  }

  void clear() {
    running.clear();
    waiting.clear();
  }

  /** When the next one ends. */
  OptionalLong nextEnd() {
    return running.isEmpty() ? OptionalLong.empty() : OptionalLong.of(running.peek().endsAt());
  }

  Iterable<Entry<T>> running() {
    return running;
  }

  int runningCount() {
    return running.size();
  }

  int waitingCount() {
    return waiting.size();
  }

  private void startNext(long now) {
    if (!waiting.isEmpty()) {
      start(waiting.remove(), now);
    }
  }

  private void start(Entry<T> entry, long now) {
    entry.startsAt = now;
    running.add(entry);
  }
}
