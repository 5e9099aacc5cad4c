package dev.stoker.worker.lease;

import dev.stoker.loop.Loop;
import dev.stoker.queue.Lease;
import dev.stoker.queue.Renewed;
import dev.stoker.queue.ShardTable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews all leases in one statement, drops those that are lost, dismisses those nobody wants any
 * more.
 */
public final class RenewLoop implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RenewLoop.class);

  private final ShardTable shardTable;
  private final HeldShards held;
  private final LeaseSettings settings;
  private final LongSupplier nanoTime;
  private final Loop loop;

  public RenewLoop(
      ShardTable shardTable, HeldShards held, LeaseSettings settings, LongSupplier nanoTime) {
    this.shardTable = shardTable;
    this.held = held;
    this.settings = settings;
    this.nanoTime = nanoTime;
    this.loop = new Loop("renew", settings.renewEvery(), this::runOnce);
  }

  public void start() {
    loop.start();
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
  public boolean runOnce() {
    List<Lease> leases = held.leases();
    if (leases.isEmpty()) {
      return false;
    }
    long askedNanos = nanoTime.getAsLong();
    Map<Lease, Renewed> renewed = new HashMap<>();
    shardTable.renew(leases, settings.ttl()).forEach(r -> renewed.put(r.lease(), r));
    long trustedUntil = askedNanos + settings.ttl().minus(settings.safetyMargin()).toNanos();
    for (HeldShard shard : held.all()) {
      Renewed renewal = renewed.get(shard.lease());
      if (renewal != null) {
        held.trustUntil(shard.lease(), trustedUntil);
        if (!renewal.wanted()) {
          held.dismiss(shard);
        }
      } else if (leases.contains(shard.lease())) {
        log.warn("lost the lease of {}; its answers are dropped", shard.lease());
        held.lost(shard.lease());
      }
    }
    return false;
  }
}
