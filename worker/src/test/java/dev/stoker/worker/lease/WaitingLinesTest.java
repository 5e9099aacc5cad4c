package dev.stoker.worker.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.line.RequestLine;
import dev.stoker.queue.ClaimedShard;
import dev.stoker.queue.Lease;
import dev.stoker.queue.LineStrikes;
import dev.stoker.queue.ShardKey;
import dev.stoker.testing.Until;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** With nine slots, so that a group is of three. */
@Timeout(60)
class WaitingLinesTest {

  private static final RequestLine REQUEST =
      new RequestLine("c", "\"c\"", "/v1/embeddings", "m", 0, 0, 0);
  private static final LineStrikes ONCE = new LineStrikes(1, 0);
  private static final LineStrikes TWICE = new LineStrikes(2, 1);
  private static final LineStrikes CONVICTED = new LineStrikes(3, 2);

  private final AtomicLong clock = new AtomicLong(-5);
  private final WaitingLines lines = new WaitingLines(() -> 9, clock::get);
  private final HeldShard shard = shard(0);

  @Test
  void fresh_lines_go_first_then_groups_then_those_that_run_alone() {
    add(1, TWICE);
    add(2, ONCE);
    add(3, LineStrikes.NONE);
    add(4, CONVICTED);
    assertThat(runAll()).containsExactly(List.of(3, 4), List.of(2), List.of(1));
  }

  @Test
  void a_group_has_as_many_lines_as_the_root_of_the_slots() {
    for (int line = 1; line <= 7; line++) {
      add(line, ONCE);
    }
    assertThat(runAll()).containsExactly(List.of(1, 2, 3), List.of(4, 5, 6), List.of(7));
  }

  @Test
  void suspects_get_a_turn_every_ten_seconds_however_many_fresh_lines_wait() {
    for (int line = 1; line <= 4; line++) {
      add(line, ONCE);
    }
    for (int line = 11; line <= 60; line++) {
      add(line, LineStrikes.NONE);
    }
    assertThat(takeAll()).containsExactly(11, 12, 13, 14, 15, 16, 17, 18, 19);

    clock.addAndGet(Duration.ofSeconds(10).toNanos());
    leave(8);
    assertThat(takeAll()).as("one still runs").isEmpty();
    leave(1);
    assertThat(takeAll()).containsExactly(1, 2, 3);

    clock.addAndGet(Duration.ofSeconds(10).toNanos());
    leave(3);
    assertThat(takeAll()).as("fresh lines have their time again").startsWith(20, 21).hasSize(9);
  }

  @Test
  void a_line_that_arrives_or_leaves_wakes_whoever_waits() {
    CompletableFuture<Integer> first = takeLater();
    add(1, LineStrikes.NONE);
    assertThat(first.join()).isEqualTo(1);

    add(2, ONCE);
    CompletableFuture<Integer> second = takeLater();
    lines.left();
    assertThat(second.join()).isEqualTo(2);
  }

  @Test
  void suspects_that_nobody_wants_any_more_hold_up_nobody() throws Exception {
    HeldShard other = shard(1);
    add(1, LineStrikes.NONE);
    lines.take();
    lines.add(line(other, 2, ONCE));
    clock.addAndGet(Duration.ofSeconds(10).toNanos());
    add(3, LineStrikes.NONE);
    CompletableFuture<Integer> next = takeLater();

    lines.remove(other);

    assertThat(next.join()).isEqualTo(3);
    assertThat(lines.waiting()).isZero();
    assertThat(lines.running()).isEqualTo(2);
  }

  /** Lets lines start while any may, then lets them all leave, and so on. */
  private List<List<Integer>> runAll() {
    List<List<Integer>> turns = new ArrayList<>();
    while (lines.waiting() > 0) {
      List<Integer> turn = takeAll();
      turns.add(turn);
      leave(turn.size());
    }
    return turns;
  }

  private List<Integer> takeAll() {
    List<Integer> taken = new ArrayList<>();
    Optional<PendingLine> next = lines.poll();
    while (next.isPresent()) {
      taken.add(next.get().line());
      next = lines.poll();
    }
    return taken;
  }

  private void leave(int count) {
    for (int i = 0; i < count; i++) {
      lines.left();
    }
  }

  private CompletableFuture<Integer> takeLater() {
    CompletableFuture<Thread> thread = new CompletableFuture<>();
    CompletableFuture<Integer> taken =
        CompletableFuture.supplyAsync(
            () -> {
              thread.complete(Thread.currentThread());
              try {
                return lines.take().line();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            },
            Executors.newVirtualThreadPerTaskExecutor());
    Until.within(Duration.ofSeconds(5))
        .holds(() -> thread.join().getState() == Thread.State.WAITING);
    return taken;
  }

  private void add(int line, LineStrikes strikes) {
    lines.add(line(shard, line, strikes));
  }

  private static PendingLine line(HeldShard shard, int line, LineStrikes strikes) {
    return new PendingLine(shard, line, REQUEST, 0, strikes);
  }

  private static HeldShard shard(int ordinal) {
    Lease lease = new Lease(new ShardKey(new BatchId(new UUID(1, 2)), ordinal), 2);
    return new HeldShard(
        new ClaimedShard(
            lease, "/v1/embeddings", "m", 9, false, 1, new byte[0], Set.of(), Map.of()),
        9,
        0);
  }
}
