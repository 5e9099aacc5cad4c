package dev.stoker.worker.settle;

import dev.stoker.batch.BatchEndTable;
import dev.stoker.batch.BatchId;
import dev.stoker.loop.Loop;
import dev.stoker.queue.FinishedLine;
import dev.stoker.queue.Lease;
import dev.stoker.queue.Settled;
import dev.stoker.queue.ShardTable;
import dev.stoker.worker.heartbeat.Progress;
import dev.stoker.worker.lease.HeldShards;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes finished lines and stores them, fenced; ends a batch whose last shard it finished. */
public final class Settler implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Settler.class);
  private static final Duration GROUP_TIME_MAX = Duration.ofMillis(250);

  /** No further line is waited for; those that are there already go with the group. */
  private static final int GROUP_LINES_ENOUGH = 256;

  private static final int GROUP_LINES_MAX = 1024;

  /** Each may be the last of its batch, which is ended before the next group is stored. */
  private static final int GROUP_SHARDS_MAX = 256;

  private static final long GROUP_BYTES_MAX = 16 << 20;

  /** Room for them beside those that run: while a group is stored the next grows. */
  public static final int LINES_WAITING_MAX = 2 * GROUP_LINES_MAX;

  /** Results that wait, as while the database is away, take at most so much of the heap. */
  private static final int HEAP_SHARE = 8;

  /** How often an incomplete group looks whether anything else is running. */
  private static final Duration LULL = Duration.ofMillis(5);

  private final ShardTable shardTable;
  private final BatchEndTable batchEnd;
  private final HeldShards held;
  private final Progress progress;
  private final BooleanSupplier engineIdle;
  private final LinkedBlockingQueue<FinishedLine> finished = new LinkedBlockingQueue<>();
  private final List<FinishedLine> group = new ArrayList<>();

  /** How many of the group are of each lease; by identity, since the lines of a shard share it. */
  private final IdentityHashMap<Lease, Integer> leases = new IdentityHashMap<>();

  private final Room room;
  private final Loop loop;
  private boolean rested = true;

  /**
   * @param linesMax how many lines may be running or waiting to be stored
   * @param engineIdle whether no line is running now
   */
  public Settler(
      ShardTable shardTable,
      BatchEndTable batchEnd,
      HeldShards held,
      Progress progress,
      int linesMax,
      BooleanSupplier engineIdle) {
    this.shardTable = shardTable;
    this.batchEnd = batchEnd;
    this.held = held;
    this.progress = progress;
    this.engineIdle = engineIdle;
    this.room = new Room(linesMax, Runtime.getRuntime().maxMemory() / HEAP_SHARE);
    this.loop = new Loop("settle", Duration.ofMillis(100), this::runOnce);
  }

  public void start() {
    loop.start();
  }

  /**
   * Waits until one more result could be kept. Every call is followed by one settle or one release.
   */
  public void reserve() throws InterruptedException {
    room.enter();
  }

  /** A line for which room was reserved has no result after all. */
  public void release() {
    room.leave(1, 0);
  }

  /** A line is finished; its result is stored soon. */
  public void settle(FinishedLine line) {
    room.fill(line.body().length);
    finished.add(line);
  }

  /** Whether every result handed in has been stored or refused. */
  public boolean idle() {
    return room.empty();
  }

  /** Whether a round would store something, as far as the thread of the rounds knows. */
  public boolean pending() {
    return !group.isEmpty() || !finished.isEmpty();
  }

  /** Whether no line may be started until results have been stored. */
  public boolean full() {
    return room.full();
  }

  /** See {@link Loop#turns}. */
  public long turns() {
    return loop.turns();
  }

  @Override
  public void close() {
    loop.close();
  }

  /** One round, for whoever runs it without a thread of its own. */
  public boolean runOnce() throws InterruptedException {
    if (group.isEmpty()) {
      fillGroup();
    }
    if (group.isEmpty()) {
      return true;
    }
    List<Settled> settled = shardTable.settle(group);
    Set<BatchId> ended = forget(settled);
    ended.stream().filter(batch -> !held.anyOf(batch)).forEach(this::endIfDone);
    return true;
  }

  private void fillGroup() throws InterruptedException {
    FinishedLine first = finished.poll(100, TimeUnit.MILLISECONDS);
    boolean afterRest = rested;
    rested = first == null;
    if (first == null) {
      return;
    }
    long bytes = add(first);
    // What comes after a rest is waited for, and nothing shows yet that more will come soon.
    long waitsLeft = afterRest ? 0 : GROUP_TIME_MAX.dividedBy(LULL);
    while (group.size() < GROUP_LINES_MAX
        && leases.size() < GROUP_SHARDS_MAX
        && bytes < GROUP_BYTES_MAX) {
      FinishedLine next = finished.poll();
      if (next == null) {
        if (group.size() >= GROUP_LINES_ENOUGH || waitsLeft-- == 0 || engineIdle.getAsBoolean()) {
          return;
        }
        next = finished.poll(LULL.toMillis(), TimeUnit.MILLISECONDS);
      }
      if (next != null) {
        bytes += add(next);
      }
    }
  }

  /** Says how many bytes it has. */
  private int add(FinishedLine line) {
    group.add(line);
    leases.merge(line.lease(), 1, Integer::sum);
    return line.body().length;
  }

  /**
   * Lets go of the group. Names the batches that may be at their end: those of shards that are
   * done, and of shards that are not held any more, since the very settle that finished one may
   * have seemed to fail.
   */
  private Set<BatchId> forget(List<Settled> settled) {
    Set<Lease> stored = new HashSet<>();
    Set<BatchId> ended = new HashSet<>();
    for (Settled shard : settled) {
      stored.add(shard.lease());
      if (shard.done()) {
        ended.add(shard.lease().key().batch());
      }
    }
    leases.forEach(
        (lease, count) -> {
          if (stored.contains(lease)) {
            progress.finished(count);
          } else {
            log.warn("{} results of {} were refused: the lease is lost", count, lease);
            held.lost(lease);
            ended.add(lease.key().batch());
          }
          held.settled(lease, count);
        });
    room.leave(group.size(), group.stream().mapToLong(line -> line.body().length).sum());
    group.clear();
    leases.clear();
    return ended;
  }

  /**
   * Asked only of a batch of which nothing more is held here. If what seems held is not any more,
   * the api-server finds the batch at its end some seconds later.
   */
  private void endIfDone(BatchId batch) {
    loop.getsOn();
    batchEnd.end(batch).ifPresent(status -> log.info("{} ended: {}", batch, status.wireName()));
  }
}
