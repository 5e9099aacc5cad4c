package dev.stoker.worker.lease;

import dev.stoker.queue.ClaimedShard;
import dev.stoker.queue.Lease;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A shard under lease. Its counters only say when it may be forgotten or given back. */
public final class HeldShard {
  private final ClaimedShard shard;
  private final AtomicInteger open;
  private final AtomicInteger started = new AtomicInteger();
  private final Set<Thread> running = ConcurrentHashMap.newKeySet();
  private volatile long trustedUntilNanos;
  private volatile boolean dismissed;
  private volatile boolean lost;

  HeldShard(ClaimedShard shard, int open, long trustedUntilNanos) {
    this.shard = shard;
    this.open = new AtomicInteger(open);
    this.trustedUntilNanos = trustedUntilNanos;
  }

  public Lease lease() {
    return shard.lease();
  }

  public String endpoint() {
    return shard.endpoint();
  }

  String model() {
    return shard.model();
  }

  byte[] content() {
    return shard.content();
  }

  /** Whether its holder may still believe in the lease. */
  public boolean trusted(long nowNanos) {
    return nowNanos - trustedUntilNanos < 0;
  }

  void trustUntil(long nanos) {
    trustedUntilNanos = nanos;
  }

  /** Whether a further line of it may be started at all. */
  public boolean wanted() {
    return !dismissed && !lost;
  }

  public boolean lost() {
    return lost;
  }

  void dismiss() {
    dismissed = true;
  }

  boolean dismissed() {
    return dismissed;
  }

  /** Takes the lease away: what runs of it is interrupted, since nobody would take its answers. */
  void lose() {
    lost = true;
    running.forEach(Thread::interrupt);
  }

  /** A line has been taken from the queue; it stays started until it is settled or dropped. */
  public void started() {
    started.incrementAndGet();
  }

  /** A started line ended without a result to store. */
  public void dropped() {
    started.decrementAndGet();
  }

  public void runsOn(Thread thread) {
    running.add(thread);
    if (lost) {
      thread.interrupt();
    }
  }

  public void ranOn(Thread thread) {
    running.remove(thread);
  }

  void interruptAll() {
    running.forEach(Thread::interrupt);
  }

  /** Results of started lines were stored or refused. */
  void settled(int lines) {
    open.addAndGet(-lines);
    started.addAndGet(-lines);
  }

  boolean finished() {
    return open.get() == 0;
  }

  boolean idle() {
    return started.get() == 0;
  }
}
