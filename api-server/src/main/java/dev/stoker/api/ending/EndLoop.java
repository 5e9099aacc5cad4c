package dev.stoker.api.ending;

import dev.stoker.batch.BatchEndTable;
import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import dev.stoker.line.LineCheck;
import dev.stoker.line.ResultLine;
import dev.stoker.loop.Loop;
import dev.stoker.model.ModelTable;
import dev.stoker.queue.ClaimedShard;
import dev.stoker.queue.FinishedLine;
import dev.stoker.queue.Lease;
import dev.stoker.queue.OpenLines;
import dev.stoker.queue.Settled;
import dev.stoker.queue.ShardTable;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends what nobody wants or can run any more. */
final class EndLoop implements Loop.Step {
  private static final int SHARDS = 8;
  private static final Duration LEASE = Duration.ofSeconds(60);
  private static final int SWEEP_EVERY = 10;
  private static final Logger log = LoggerFactory.getLogger(EndLoop.class);

  private final String holder;
  private final ShardTable shards;
  private final BatchEndTable batches;
  private final BatchStatusTable statuses;
  private final ModelTable models;
  private final LineCheck check = new LineCheck();
  private final Set<BatchId> perhapsEnded = new HashSet<>();
  private final ReapPause pause = new ReapPause();
  private final LongSupplier nanoTime;
  private int rounds;

  EndLoop(
      String holder,
      ShardTable shards,
      BatchEndTable batches,
      BatchStatusTable statuses,
      ModelTable models,
      LongSupplier nanoTime) {
    this.holder = holder;
    this.shards = shards;
    this.batches = batches;
    this.statuses = statuses;
    this.models = models;
    this.nanoTime = nanoTime;
  }

  @Override
  public boolean run() {
    batches.expire();
    reapExpired();
    boolean more = settleUnwanted();
    if (!more) {
      endBatches();
    }
    pause.answered(nanoTime.getAsLong());
    return more;
  }

  /** The round's first statement may have waited for the database; so the look comes after it. */
  private void reapExpired() {
    long now = nanoTime.getAsLong();
    pause.answered(now);
    if (pause.over(now)) {
      shards.reapExpired();
    }
  }

  private boolean settleUnwanted() {
    Map<String, String> quarantined = models.quarantined();
    List<Lease> leases = shards.claimUnwanted(holder, quarantined.keySet(), SHARDS, LEASE);
    if (leases.isEmpty()) {
      return false;
    }
    List<ClaimedShard> claimed = shards.read(leases);
    Map<BatchId, BatchStatus> status =
        statuses.of(
            claimed.stream().map(shard -> shard.lease().key().batch()).collect(Collectors.toSet()));
    settle(
        claimed.stream()
            .flatMap(
                shard ->
                    unanswered(
                        shard,
                        NotRun.of(
                            status.get(shard.lease().key().batch()),
                            Optional.ofNullable(quarantined.get(shard.model()))))
                        .stream())
            .toList());
    return leases.size() == SHARDS;
  }

  private void settle(List<FinishedLine> lines) {
    for (Settled settled : lines.isEmpty() ? List.<Settled>of() : shards.settle(lines)) {
      log.debug("{}: requests ended without being run", settled.lease().key());
      if (settled.done()) {
        perhapsEnded.add(settled.lease().key().batch());
      }
    }
  }

  private List<FinishedLine> unanswered(ClaimedShard shard, NotRun why) {
    OpenLines open = OpenLines.of(shard, check);
    if (!open.complete()) {
      log.error("{}: lines are not what they were at the upload", shard.lease().key());
    }
    return Stream.concat(
            open.lines().stream()
                .map(l -> unanswered(shard, l.number(), l.request().customIdJson(), why)),
            open.strays().stream().map(l -> unanswered(shard, l, "null", NotRun.UNREADABLE)))
        .toList();
  }

  private static FinishedLine unanswered(
      ClaimedShard shard, int line, String customIdJson, NotRun why) {
    Lease lease = shard.lease();
    byte[] body =
        ResultLine.unanswered(lease.key().batch(), line, customIdJson, why.code(), why.message());
    return FinishedLine.failed(lease, line, body);
  }

  /** Those whose last shard was just done; now and then also those that somebody left behind. */
  private void endBatches() {
    if (rounds++ % SWEEP_EVERY == 0) {
      perhapsEnded.addAll(batches.endable());
    }
    for (BatchId batch : perhapsEnded) {
      batches.end(batch).ifPresent(end -> log.info("{}: {}", batch, end.wireName()));
    }
    perhapsEnded.clear();
  }
}
