package dev.stoker.queue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchEndTable;
import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import dev.stoker.id.OrderedIds;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Four holders, some of them zombies, run one batch. */
@Timeout(120)
class CompetingConsumersTest {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final int LINES = 5_000;
  private static final int HOLDERS = 4;
  private static final int ROUNDS_MAX = 20_000;

  private final Rows rows = new Rows(database);
  private final Queue<BatchStatus> ended = new ConcurrentLinkedQueue<>();
  private final Queue<Boolean> refused = new ConcurrentLinkedQueue<>();
  private ShardTable shards;
  private BatchEndTable ends;
  private BatchId batch;

  @BeforeEach
  void open() {
    shards = new ShardTable(database.jdbc());
    ends =
        new BatchEndTable(
            database.jdbc(),
            database.database().transactions(),
            new OrderedIds(InstantSource.system()));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 20_260_101})
  @DisplayName(
      "scenario 12: replicas execute once (I1: whoever holds, loses or outlives a lease, each line has one result)")
  void every_line_is_stored_once_and_the_batch_ends_once(long seed) throws Exception {
    Rows.BatchRow plan = rows.batch();
    int lines = LINES;
    for (; lines > 256; lines -= 256) {
      plan.part("m", 256);
    }
    batch = plan.part("m", lines - 100).and("n", 100).insert();

    new Holder("host/zombie#1", new Random(seed)).outlivesItsLease();
    assertThat(refused).as("zombies do try").isNotEmpty();

    List<Callable<Void>> holders = new ArrayList<>();
    for (int i = 0; i < HOLDERS; i++) {
      Holder holder = new Holder("host/" + i + "#1", new Random(seed * 31 + i));
      holders.add(holder::run);
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(HOLDERS)) {
      for (Future<Void> holder : threads.invokeAll(holders)) {
        holder.get();
      }
    }

    assertThat(ended).as("seed %d", seed).containsExactly(BatchStatus.COMPLETED);
    List<Rows.Result> results = rows.results(batch);
    assertThat(results)
        .extracting(Rows.Result::line)
        .containsExactlyElementsOf(IntStream.rangeClosed(1, LINES).boxed().toList());
    assertThat(results).allMatch(result -> result.body().startsWith(result.line() + " "));
    assertCountsAddUp(results);
  }

  private void assertCountsAddUp(List<Rows.Result> results) {
    long succeeded = results.stream().filter(Rows.Result::succeeded).count();
    Map<String, Object> row =
        database
            .jdbc()
            .sql("SELECT * FROM batch WHERE id = ?")
            .param(batch.value())
            .query()
            .singleRow();
    assertThat(row)
        .containsEntry("total", LINES)
        .containsEntry("completed", (int) succeeded)
        .containsEntry("failed", (int) (LINES - succeeded))
        .containsEntry("input_tokens", results.stream().mapToLong(Rows.Result::line).sum())
        .containsEntry("output_tokens", (long) LINES);
    for (boolean kind : new boolean[] {true, false}) {
      long bytes =
          results.stream()
              .filter(result -> result.succeeded() == kind)
              .mapToLong(result -> result.body().getBytes(UTF_8).length + 1)
              .sum();
      assertThat(
              rows.value(
                  Long.class,
                  "SELECT bytes FROM file WHERE result_kind = '%s' AND batch = ?"
                      .formatted(kind ? "output" : "error"),
                  batch.value()))
          .isEqualTo(bytes);
    }
    assertThat(rows.value(Integer.class, "SELECT count(*) FROM shard WHERE state <> 'done'"))
        .isZero();
  }

  /** A worker in miniature, clumsier than any. */
  private final class Holder {
    private final String name;
    private final Random random;

    Holder(String name, Random random) {
      this.name = name;
      this.random = random;
    }

    Void run() {
      for (int round = 0; !rows.status(batch).ended(); round++) {
        assertThat(round).as("rounds of %s", name).isLessThan(ROUNDS_MAX);
        ends.end(batch).ifPresent(ended::add);
        round();
      }
      return null;
    }

    /** Which the others may or may not do, as their threads meet. */
    void outlivesItsLease() {
      List<Lease> leases = shards.claim(name, List.of("m", "n"), 1, Duration.ZERO);
      List<ClaimedShard> held = shards.read(leases);
      shards.reapExpired();
      held.forEach(shard -> settle(work(shard)));
    }

    private void round() {
      // A lease of no length at all is lost to the first who reaps.
      Duration ttl = random.nextInt(4) == 0 ? Duration.ZERO : Duration.ofMinutes(5);
      List<Lease> leases = new ArrayList<>(shards.claim(name, List.of("m", "n"), 3, ttl));
      leases.addAll(shards.claimUnwanted(name, Set.of(), 1, ttl));
      if (random.nextInt(3) == 0) {
        shards.reapExpired();
      }
      List<FinishedLine> finished = new ArrayList<>();
      shards.read(leases).forEach(shard -> finished.addAll(work(shard)));
      Collections.shuffle(finished, random);
      while (!finished.isEmpty()) {
        List<FinishedLine> some = finished.subList(0, Math.min(finished.size(), size()));
        settle(some);
        some.clear();
        switch (random.nextInt(20)) {
          case 0 -> shards.giveBack(leases, Duration.ZERO);
          case 1 -> shards.reapHolder("host/" + random.nextInt(HOLDERS) + "#1", true);
          case 2 -> shards.reapExpired();
          case 3, 4 -> shards.renew(leases, Duration.ofMinutes(5));
          case 5 -> finished.clear(); // forgets the rest, and keeps the lease
          default -> {}
        }
      }
      if (random.nextInt(2) == 0) {
        shards.giveBack(leases, Duration.ZERO);
      } else {
        shards.reapHolder(name, true);
      }
    }

    private int size() {
      return 1 + random.nextInt(256);
    }

    private void settle(List<FinishedLine> some) {
      List<Settled> held = shards.settle(some);
      if (random.nextInt(4) == 0) {
        shards.settle(some); // its outcome was unknown
      }
      Map<Lease, Boolean> answered = new LinkedHashMap<>();
      held.forEach(settled -> answered.put(settled.lease(), settled.done()));
      if (some.stream().anyMatch(line -> !answered.containsKey(line.lease()))) {
        refused.add(true);
      }
      if (answered.containsValue(true)) {
        ends.end(batch).ifPresent(ended::add);
      }
    }

    private List<FinishedLine> work(ClaimedShard shard) {
      List<FinishedLine> finished = new ArrayList<>();
      String[] lines = new String(shard.content(), UTF_8).split("\n", -1);
      for (int i = 0; i < lines.length - 1; i++) {
        int line = shard.firstLine() + i;
        if (lines[i].contains("\"model\":\"" + shard.model() + "\"")
            && !shard.done().contains(line)) {
          String body = line + " by " + name + " in attempt " + shard.lease().attempt();
          finished.add(
              new FinishedLine(
                  shard.lease(), line, random.nextInt(5) > 0, body.getBytes(UTF_8), line, 0, 1, 0));
        }
      }
      return finished;
    }
  }
}
