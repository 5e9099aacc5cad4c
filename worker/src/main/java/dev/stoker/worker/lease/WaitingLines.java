package dev.stoker.worker.lease;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * The lines that wait for their turn, each kind in the order of its claims, and how many run.
 * {@link Turn} decides which is next.
 */
final class WaitingLines {
  /** How long fresh lines may keep suspects waiting, before the first group and after each. */
  private static final Duration SUSPECTS_WAIT_MAX = Duration.ofSeconds(10);

  private final IntSupplier slots;
  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<PendingLine> fresh = new ArrayDeque<>();
  private final Deque<PendingLine> grouped = new ArrayDeque<>();
  private final Deque<PendingLine> lone = new ArrayDeque<>();
  private int running;
  private OptionalInt group = OptionalInt.empty();
  private long suspectsSinceNanos;

  WaitingLines(IntSupplier slots, LongSupplier nanoTime) {
    this.slots = slots;
    this.nanoTime = nanoTime;
  }

  void add(PendingLine line) {
    addAll(List.of(line));
  }

  /** All at once, so that no suspect starts because the fresh lines behind it are not here yet. */
  void addAll(List<PendingLine> lines) {
    change(() -> lines.forEach(this::queue));
  }

  private void queue(PendingLine line) {
    if (line.strikes().suspect() && grouped.isEmpty() && lone.isEmpty()) {
      suspectsSinceNanos = nanoTime.getAsLong();
    }
    queueOf(line).add(line);
  }

  void remove(HeldShard shard) {
    change(
        () -> {
          fresh.removeIf(line -> line.shard() == shard);
          grouped.removeIf(line -> line.shard() == shard);
          lone.removeIf(line -> line.shard() == shard);
        });
  }

  /** Waits until a line may start; it runs until {@link #left} is told. */
  PendingLine take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      Optional<PendingLine> next = poll();
      while (next.isEmpty()) {
        changed.await();
        next = poll();
      }
      return next.get();
    } finally {
      lock.unlock();
    }
  }

  /** The same without waiting; empty if no line may start now. */
  Optional<PendingLine> poll() {
    lock.lock();
    try {
      Optional<PendingLine> next =
          switch (turn()) {
            case FRESH -> Optional.of(fresh.remove());
            case GROUPED -> Optional.of(join(grouped, groupMax()));
            case LONE -> Optional.of(join(lone, 1));
            case NONE -> Optional.empty();
          };
      running += next.isPresent() ? 1 : 0;
      return next;
    } finally {
      lock.unlock();
    }
  }

  /** A line that was taken runs no more. */
  void left() {
    change(
        () -> {
          running--;
          if (running == 0 && group.isPresent()) {
            group = OptionalInt.empty();
            suspectsSinceNanos = nanoTime.getAsLong();
          }
        });
  }

  void slotsChanged() {
    change(() -> {});
  }

  int waiting() {
    lock.lock();
    try {
      return fresh.size() + grouped.size() + lone.size();
    } finally {
      lock.unlock();
    }
  }

  /** Whether a line may start now. */
  boolean anyReady() {
    lock.lock();
    try {
      return turn() != Turn.NONE;
    } finally {
      lock.unlock();
    }
  }

  int running() {
    lock.lock();
    try {
      return running;
    } finally {
      lock.unlock();
    }
  }

  private Turn turn() {
    boolean overdue = nanoTime.getAsLong() - suspectsSinceNanos >= SUSPECTS_WAIT_MAX.toNanos();
    return Turn.next(
        new Turn.Traffic(
            fresh.size(), grouped.size(), lone.size(), running, slots.getAsInt(), overdue, group));
  }

  private int groupMax() {
    return (int) Math.ceil(Math.sqrt(slots.getAsInt()));
  }

  /** Opens a group for a suspect, unless it joins the one that runs. */
  private PendingLine join(Deque<PendingLine> suspects, int size) {
    group = OptionalInt.of(group.orElse(size) - 1);
    return suspects.remove();
  }

  private Deque<PendingLine> queueOf(PendingLine line) {
    if (!line.strikes().suspect()) {
      return fresh;
    }
    return line.strikes().lone() ? lone : grouped;
  }

  private void change(Runnable change) {
    lock.lock();
    try {
      change.run();
      changed.signal();
    } finally {
      lock.unlock();
    }
  }
}
