package dev.stoker.worker.lease;

import dev.stoker.loop.Loop;
import dev.stoker.queue.ClaimedShard;
import dev.stoker.queue.Lease;
import dev.stoker.queue.ShardTable;
import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.EngineState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps enough lines waiting that the engine never runs dry: the next shard is claimed, of whatever
 * batch, while the current ones still run. Also gives back what is dismissed.
 */
public final class ClaimLoop implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ClaimLoop.class);

  /** Tiny batches are claimed by the dozen, so that they too cost little per line. */
  private static final int SHARDS_PER_CLAIM_MAX = 64;

  /** So that a broken engine does not claim again at once what it gave back. */
  private static final Duration ENGINE_DOWN_DELAY = Duration.ofSeconds(2);

  private final ShardTable shardTable;
  private final HeldShards held;
  private final Engine engine;
  private final String holder;
  private final LeaseSettings settings;
  private final LongSupplier nanoTime;
  private final LookAhead lookAhead;
  private final Loop loop;

  /** Given up here, but the database has not confirmed it. */
  private final List<Lease> returning = new ArrayList<>();

  private volatile boolean draining;
  private double linesPerShard = 256;

  public ClaimLoop(
      ShardTable shardTable,
      HeldShards held,
      Engine engine,
      String holder,
      LeaseSettings settings,
      LongSupplier nanoTime) {
    this.shardTable = shardTable;
    this.held = held;
    this.engine = engine;
    this.holder = holder;
    this.settings = settings;
    this.nanoTime = nanoTime;
    this.lookAhead = new LookAhead(nanoTime.getAsLong());
    this.loop = new Loop("claim", settings.idlePoll(), this::runOnce);
  }

  public void start() {
    loop.start();
  }

  /** The engine takes requests from now on: no time is lost. */
  public void wake() {
    loop.wake();
  }

  /**
   * A line has left the queue: look whether more are needed, once for each time that it runs low.
   */
  public void lineTaken() {
    lookAhead.taken();
    if (held.waiting() == lookAhead.low(engine.slots()) - 1) {
      loop.wake();
    }
  }

  /** Claims nothing more and starts no further line. */
  public void drain() {
    draining = true;
    held.dismissAll();
  }

  /** Gives back all that is still held, whatever runs of it. */
  public void giveBackAll() {
    List<Lease> leases = held.leases();
    held.all().forEach(HeldShard::interruptAll);
    if (!leases.isEmpty()) {
      int given = shardTable.giveBack(leases, Duration.ZERO);
      log.info("gave back {} of {} leases", given, leases.size());
    }
  }

  public boolean idle() {
    return held.isEmpty();
  }

  /** See {@link Loop#turns}. */
  public long turns() {
    return loop.turns();
  }

  @Override
  public void close() {
    loop.close();
  }

  /**
   * One round, for whoever runs it without a thread of its own; says whether there is more to do.
   */
  public boolean runOnce() {
    if (draining || engine.probe() == EngineState.DOWN) {
      held.dismissAll();
    } else {
      held.dismissOthers(engine.loadedModels());
    }
    giveBackDismissed();
    lookAhead.measure(nanoTime.getAsLong());
    int wanted = lookAhead.missing(engine.slots(), held.waiting());
    if (draining || engine.probe() != EngineState.READY || wanted == 0) {
      return false;
    }
    held.claiming(true);
    try {
      return claim(wanted) > 0;
    } finally {
      held.claiming(false);
    }
  }

  private void giveBackDismissed() {
    returning.addAll(held.takeReturnable());
    if (!returning.isEmpty()) {
      Duration delay =
          engine.probe() == EngineState.DOWN && !draining ? ENGINE_DOWN_DELAY : Duration.ZERO;
      shardTable.giveBack(List.copyOf(returning), delay);
      returning.clear();
    }
  }

  private int claim(int lines) {
    int shards = (int) Math.clamp(Math.ceil(lines / linesPerShard), 1, SHARDS_PER_CLAIM_MAX);
    Set<String> models = engine.loadedModels();
    if (models.isEmpty()) {
      return 0;
    }
    long askedNanos = nanoTime.getAsLong();
    List<Lease> leases = shardTable.claim(holder, models, shards, settings.ttl());
    if (leases.isEmpty()) {
      return 0;
    }
    List<ClaimedShard> claimed = shardTable.read(leases);
    long trustedUntil = askedNanos + settings.ttl().minus(settings.safetyMargin()).toNanos();
    claimed.forEach(shard -> held.add(shard, trustedUntil));
    linesPerShard = claimed.stream().mapToInt(ClaimedShard::lines).average().orElse(linesPerShard);
    log.debug("claimed {} shards", claimed.size());
    return claimed.size();
  }
}
