package dev.stoker.api.ending;

import dev.stoker.api.files.PartLines;
import dev.stoker.batch.BatchEndTable;
import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import dev.stoker.line.LineCheck;
import dev.stoker.line.LineVerdict;
import dev.stoker.line.RequestLine;
import dev.stoker.line.ResultLine;
import dev.stoker.loop.Loop;
import dev.stoker.queue.ClaimedShard;
import dev.stoker.queue.FinishedLine;
import dev.stoker.queue.Lease;
import dev.stoker.queue.Settled;
import dev.stoker.queue.ShardTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
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
      LongSupplier nanoTime) {
    this.holder = holder;
    this.shards = shards;
    this.batches = batches;
    this.statuses = statuses;
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
    List<Lease> leases = shards.claimUnwanted(holder, SHARDS, LEASE);
    if (leases.isEmpty()) {
      return false;
    }
    List<ClaimedShard> claimed = shards.read(leases);
    Map<BatchId, BatchStatus> status =
        statuses.of(
            claimed.stream().map(shard -> shard.lease().key().batch()).collect(Collectors.toSet()));
    for (ClaimedShard shard : claimed) {
      settle(shard, NotRun.of(status.get(shard.lease().key().batch())));
    }
    return leases.size() == SHARDS;
  }

  /** One at a time: what a settle costs grows with the square of its lines. */
  private void settle(ClaimedShard shard, NotRun why) {
    List<FinishedLine> lines = unanswered(shard, why);
    for (Settled settled : lines.isEmpty() ? List.<Settled>of() : shards.settle(lines)) {
      log.debug("{}: {} requests ended without being run: {}", settled.key(), lines.size(), why);
      if (settled.done()) {
        perhapsEnded.add(settled.key().batch());
      }
    }
  }

  private List<FinishedLine> unanswered(ClaimedShard shard, NotRun why) {
    List<FinishedLine> lines = new ArrayList<>();
    byte[] content = shard.content();
    PartLines.each(
        shard.firstLine(),
        content,
        (line, offset, length) -> {
          if (!shard.done().contains(line)
              && check.check(content, offset, length) instanceof LineVerdict.Valid(var request)
              && request.model().equals(shard.model())) {
            lines.add(unanswered(shard.lease(), line, request, why));
          }
        });
    return lines;
  }

  private static FinishedLine unanswered(Lease lease, int line, RequestLine request, NotRun why) {
    byte[] body =
        ResultLine.unanswered(
            lease.key().batch(), line, request.customIdJson(), why.code(), why.message());
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
