package dev.stoker.worker.lease;

import dev.stoker.batch.BatchId;
import dev.stoker.line.LineCheck;
import dev.stoker.queue.ClaimedShard;
import dev.stoker.queue.Lease;
import dev.stoker.queue.OpenLines;
import dev.stoker.queue.ShardKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All shards under lease and the lines of them that wait, in the order of their claims and of
 * {@link LineOrder}; suspects apart.
 */
public final class HeldShards {
  private static final Logger log = LoggerFactory.getLogger(HeldShards.class);

  private final Map<ShardKey, HeldShard> shards = new ConcurrentHashMap<>();
  private final WaitingLines waiting;
  private final AtomicInteger delayed = new AtomicInteger();
  private volatile boolean claiming;
  private final LineCheck check = new LineCheck();

  /**
   * @param slots how many lines may run at once; {@link #slotsChanged} tells when that has changed
   */
  public HeldShards(IntSupplier slots, LongSupplier nanoTime) {
    this.waiting = new WaitingLines(slots, nanoTime);
  }

  /** Leases are being asked for; those that are got are added before this is taken back. */
  void claiming(boolean asked) {
    claiming = asked;
  }

  /**
   * Takes a claimed shard and queues the lines of it that are still to be run. If it seemed to be
   * held already, that lease was lost unnoticed, and nothing of it is stored any more.
   */
  void add(ClaimedShard claimed, long trustedUntilNanos) {
    of(claimed.lease().key()).map(HeldShard::lease).ifPresent(this::replaced);
    List<OpenLines.Line> open = LineOrder.of(claimed, OpenLines.of(claimed, check).lines());
    if (open.isEmpty()) {
      // Judged otherwise when it was uploaded, by another version. Its lease runs out until it is
      // ended.
      log.error("{} has {} lines, but none that can be run", claimed.lease(), claimed.lines());
      return;
    }
    HeldShard shard = new HeldShard(claimed, open.size(), trustedUntilNanos);
    shards.put(claimed.lease().key(), shard);
    waiting.addAll(open.stream().map(line -> pending(shard, claimed, line)).toList());
  }

  private static PendingLine pending(HeldShard shard, ClaimedShard claimed, OpenLines.Line line) {
    int number = line.number();
    return new PendingLine(shard, number, line.request(), 0, claimed.strikesOf(number));
  }

  /** The next line to run; waits until there is one that may. It runs until it has left. */
  public PendingLine take() throws InterruptedException {
    return waiting.take();
  }

  /** A line that was taken runs no more. */
  public void left() {
    waiting.left();
  }

  /** Perhaps more lines may run from now on. */
  public void slotsChanged() {
    waiting.slotsChanged();
  }

  /** How many lines were taken and have not left. */
  public int running() {
    return waiting.running();
  }

  /** A line has left the queue and will be put back later; until then it counts as waiting. */
  public void delayed() {
    delayed.incrementAndGet();
  }

  /** A delayed line is to be run again, if anybody still wants it. */
  public void putBack(PendingLine line) {
    delayed.decrementAndGet();
    if (line.shard().wanted()) {
      waiting.add(line);
    }
  }

  /** How many lines wait for their turn, or for the delay before it. */
  public int waiting() {
    return waiting.waiting() + delayed.get();
  }

  /** Whether a line could be started now. */
  public boolean anyReady() {
    return waiting.anyReady();
  }

  Collection<HeldShard> all() {
    return List.copyOf(shards.values());
  }

  List<Lease> leases() {
    return all().stream().map(HeldShard::lease).toList();
  }

  /** Forgets the lines stored or refused; a shard without open lines is forgotten with them. */
  public void settled(Lease lease, int lines) {
    of(lease)
        .ifPresent(
            shard -> {
              shard.settled(lines);
              if (shard.finished()) {
                forget(shard);
              }
            });
  }

  /** The lease belongs to somebody else now, or to nobody. */
  public void lost(Lease lease) {
    of(lease)
        .filter(this::forget)
        .ifPresent(
            shard -> {
              shard.lose();
              waiting.remove(shard);
            });
  }

  void trustUntil(Lease lease, long nanos) {
    of(lease).ifPresent(shard -> shard.trustUntil(nanos));
  }

  private void replaced(Lease earlier) {
    log.warn("lost {} and claimed its shard again; its answers are dropped", earlier);
    lost(earlier);
  }

  private Optional<HeldShard> of(ShardKey key) {
    return Optional.ofNullable(shards.get(key));
  }

  private Optional<HeldShard> of(Lease lease) {
    return of(lease.key()).filter(shard -> shard.lease().equals(lease));
  }

  /** Whether it was still held. */
  private boolean forget(HeldShard shard) {
    return shards.remove(shard.lease().key(), shard);
  }

  /** No further line of it is started; it goes back once what runs of it is settled. */
  void dismiss(HeldShard shard) {
    shard.dismiss();
    waiting.remove(shard);
  }

  /** No line of another model is started any more. */
  void dismissOthers(Set<String> models) {
    all().stream().filter(shard -> !models.contains(shard.model())).forEach(this::dismiss);
  }

  void dismissAll() {
    all().forEach(this::dismiss);
  }

  /** The dismissed shards of which nothing runs any more; they are no longer held. */
  List<Lease> takeReturnable() {
    List<Lease> returnable = new ArrayList<>();
    for (HeldShard shard : all()) {
      if (shard.dismissed() && shard.idle() && forget(shard)) {
        returnable.add(shard.lease());
      }
    }
    return returnable;
  }

  /** Whether a shard of this batch is held. */
  public boolean anyOf(BatchId batch) {
    return shards.keySet().stream().anyMatch(key -> key.batch().equals(batch));
  }

  /** Whether no lease is held, nor asked for. */
  public boolean isEmpty() {
    return !claiming && shards.isEmpty();
  }
}
