package dev.stoker.worker.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.queue.ClaimedShard;
import dev.stoker.queue.Lease;
import dev.stoker.queue.ShardKey;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HeldShardsTest {
  private static final BatchId BATCH = new BatchId(new UUID(1, 2));
  private static final Lease FIRST = new Lease(new ShardKey(BATCH, 0), 1);
  private static final Lease SECOND = new Lease(new ShardKey(BATCH, 0), 2);
  private static final String LINE =
      """
      {"custom_id":"c","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"a"}}
      """;

  private final HeldShards held = new HeldShards(() -> 16, () -> 0);

  @Test
  void a_shard_that_is_claimed_again_has_lost_its_earlier_lease() throws InterruptedException {
    hold(FIRST, 3);
    PendingLine running = held.take();
    running.shard().runsOn(Thread.currentThread());
    held.delayed();

    hold(SECOND, 3);
    held.putBack(running);

    assertThat(Thread.interrupted()).as("what runs under it is interrupted").isTrue();
    assertThat(running.shard().lost()).isTrue();
    assertThat(held.leases()).containsExactly(SECOND);
    assertThat(held.waiting()).as("those of the new lease alone").isEqualTo(3);
  }

  @Test
  void nothing_that_ends_under_an_earlier_lease_counts_for_the_new_one() {
    hold(FIRST, 2);
    hold(SECOND, 2);

    held.settled(FIRST, 2);
    held.lost(FIRST);
    assertThat(held.anyOf(BATCH)).isTrue();

    held.settled(SECOND, 2);
    assertThat(held.anyOf(BATCH)).isFalse();
    assertThat(held.isEmpty()).isTrue();
  }

  private void hold(Lease lease, int lines) {
    byte[] content = LINE.repeat(lines).getBytes(StandardCharsets.UTF_8);
    held.add(
        new ClaimedShard(
            lease, "/v1/embeddings", "m", lines, false, 1, content, Set.of(), Map.of()),
        Long.MAX_VALUE);
  }
}
