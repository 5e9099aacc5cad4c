package dev.stoker.queue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class ShardTableTest {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration TTL = Duration.ofSeconds(30);
  private static final String HOLDER = "host/0#1";
  private static final List<String> MODELS = List.of("m");

  private final Rows rows = new Rows(database);
  private ShardTable shards;

  @BeforeEach
  void open() {
    shards = new ShardTable(database.jdbc());
  }

  // enqueue

  @Test
  void a_batch_is_cut_into_a_shard_for_each_part_and_model() {
    BatchId batch =
        rows.batch()
            .part("m", 256)
            .part("m", 2)
            .and("n", 3)
            .part("n", 1)
            .priority(7)
            .window(Duration.ofHours(3))
            .insert();
    assertThat(
            database
                .jdbc()
                .sql(
                    """
                    SELECT concat_ws(' ', s.ordinal, s.part, s.model, s.lines, s.priority, s.state, s.attempt, s.faults,
                                     s.deadline = b.expires_at, 'file-' || replace(s.file::text, '-', '') = b.input_file_id)
                    FROM shard s JOIN batch b ON b.id = s.batch ORDER BY s.ordinal
                    """)
                .query(String.class)
                .list())
        .containsExactly(
            "0 0 m 256 7 queued 0 0 t t",
            "1 1 m 2 7 queued 0 0 t t",
            "2 1 n 3 7 queued 0 0 t t",
            "3 2 n 1 7 queued 0 0 t t");
    assertThat(shards.claim(HOLDER, List.of("m", "n"), 9, TTL)).hasSize(4);
    assertThat(keys(shards.read(leases(batch, 4))))
        .as("all of them are this batch's")
        .containsExactlyElementsOf(keysOf(batch, 4));
  }

  // claim

  @Test
  void claims_follow_priority_then_deadline_then_creation() {
    BatchId late = rows.batch().part("m", 1).window(Duration.ofHours(9)).insert();
    BatchId first = rows.batch().part("m", 1).part("m", 1).window(Duration.ofHours(1)).insert();
    BatchId urgent = rows.batch().part("m", 1).window(Duration.ofHours(99)).priority(-1).insert();
    BatchId second = rows.batch().part("m", 1).window(Duration.ofHours(9)).insert();
    sameDeadline(late, second);
    assertThat(claimOneByOne())
        .containsExactly(
            new ShardKey(urgent, 0),
            new ShardKey(first, 0),
            new ShardKey(first, 1),
            new ShardKey(late, 0),
            new ShardKey(second, 0));
  }

  @Test
  void what_is_claimed_at_once_is_read_in_the_order_of_claims() {
    BatchId late = rows.batch().part("m", 1).window(Duration.ofHours(9)).insert();
    BatchId early = rows.batch().part("m", 1).window(Duration.ofHours(1)).insert();
    assertThat(keys(shards.read(shards.claim(HOLDER, MODELS, 2, TTL))))
        .containsExactly(new ShardKey(early, 0), new ShardKey(late, 0));
  }

  @Test
  void only_models_asked_for_are_claimed() {
    BatchId batch = rows.batch().part("m", 1).and("n", 1).and("o", 1).insert();
    assertThat(keysOfLeases(shards.claim(HOLDER, List.of("o", "m"), 9, TTL)))
        .containsExactlyInAnyOrder(new ShardKey(batch, 0), new ShardKey(batch, 2));
    assertThat(shards.claim(HOLDER, List.of(), 9, TTL)).isEmpty();
    assertThat(shards.claim(HOLDER, List.of("M"), 9, TTL)).isEmpty();
  }

  @Test
  void no_more_is_claimed_than_asked_for() {
    rows.batch().part("m", 1).part("m", 1).part("m", 1).insert();
    assertThat(shards.claim(HOLDER, MODELS, 2, TTL)).hasSize(2);
    assertThat(shards.claim(HOLDER, MODELS, 2, TTL)).hasSize(1);
    assertThat(shards.claim(HOLDER, MODELS, 2, TTL)).isEmpty();
  }

  @Test
  void a_claim_names_its_holder_and_ends_in_time() {
    BatchId batch = rows.batch().part("m", 1).insert();
    shards.claim(HOLDER, MODELS, 1, TTL);
    Rows.Shard shard = rows.shard(new ShardKey(batch, 0));
    assertThat(shard.state()).isEqualTo("leased");
    assertThat(shard.leasedBy()).isEqualTo(HOLDER);
    assertThat(leaseLeft(batch)).isBetween(TTL.minusSeconds(20), TTL);
  }

  @Test
  void each_claim_raises_the_attempt() {
    rows.batch().part("m", 1).insert();
    for (int attempt = 1; attempt <= 3; attempt++) {
      List<Lease> leases = shards.claim(HOLDER, MODELS, 1, TTL);
      assertThat(leases).extracting(Lease::attempt).containsExactly(attempt);
      shards.giveBack(leases, Duration.ZERO);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "IN_PROGRESS")
  void only_a_batch_in_progress_is_claimed(BatchStatus status) {
    rows.batch().part("m", 1).status(status).insert();
    assertThat(shards.claim(HOLDER, MODELS, 1, TTL)).isEmpty();
  }

  @Test
  void a_batch_whose_window_has_passed_is_not_claimed() {
    BatchId batch = rows.batch().part("m", 1).insert();
    rows.endWindow(batch);
    assertThat(shards.claim(HOLDER, MODELS, 1, TTL)).isEmpty();
  }

  @Test
  void a_shard_that_killed_too_many_holders_is_not_claimed() {
    BatchId batch = rows.batch().part("m", 1).part("m", 1).insert();
    rows.faults(new ShardKey(batch, 0), ShardTable.FAULTS_MAX);
    rows.faults(new ShardKey(batch, 1), ShardTable.FAULTS_MAX - 1);
    assertThat(shards.claim(HOLDER, MODELS, 9, TTL))
        .containsExactly(new Lease(new ShardKey(batch, 1), ShardTable.FAULTS_MAX));
  }

  @Test
  void two_connections_claim_disjoint_shards_without_waiting() {
    BatchId batch = rows.batch().part("m", 1).part("m", 1).part("m", 1).part("m", 1).insert();
    List<Lease> all = new ArrayList<>();
    database
        .database()
        .transactions()
        .executeWithoutResult(
            _ -> {
              all.addAll(shards.claim("a", MODELS, 2, TTL));
              List<Lease> others = elsewhere(() -> shards.claim("b", MODELS, 9, TTL));
              assertThat(others).hasSize(2);
              all.addAll(others);
            });
    assertThat(keysOfLeases(all)).containsExactlyInAnyOrderElementsOf(keysOf(batch, 4));
  }

  @Test
  void claims_follow_one_order_across_models() {
    BatchId late = rows.batch().part("m", 1).window(Duration.ofHours(9)).insert();
    BatchId first = rows.batch().part("n", 1).and("m", 1).window(Duration.ofHours(1)).insert();
    BatchId urgent = rows.batch().part("o", 1).window(Duration.ofHours(99)).priority(-1).insert();
    List<String> models = List.of("m", "n", "o");
    assertThat(keys(shards.read(shards.claim(HOLDER, models, 3, TTL))))
        .containsExactly(new ShardKey(urgent, 0), new ShardKey(first, 0), new ShardKey(first, 1));
    assertThat(keysOfLeases(shards.claim(HOLDER, models, 3, TTL)))
        .containsExactly(new ShardKey(late, 0));
  }

  @Test
  void a_claim_of_several_models_locks_only_what_it_takes() {
    BatchId batch = rows.batch().part("m", 1).part("n", 1).part("m", 1).part("n", 1).insert();
    List<String> models = List.of("m", "n");
    List<ShardKey> all = new ArrayList<>();
    database
        .database()
        .transactions()
        .executeWithoutResult(
            _ -> {
              all.addAll(keysOfLeases(shards.claim("a", models, 2, TTL)));
              all.addAll(keysOfLeases(elsewhere(() -> shards.claim("b", models, 9, TTL))));
            });
    assertThat(all).containsExactlyInAnyOrderElementsOf(keysOf(batch, 4));
  }

  // waiting

  @Test
  void what_waits_is_told_for_each_model_in_the_order_of_claims() {
    BatchId first = rows.batch().part("m", 1).part("m", 1).window(Duration.ofHours(9)).insert();
    rows.batch().part("m", 1).window(Duration.ofHours(7)).priority(3).insert();
    BatchId urgent = rows.batch().part("n", 1).window(Duration.ofHours(99)).priority(-1).insert();
    rows.batch().part("o", 1).insert();
    acceptedAgo(first, "2 minutes");
    acceptedAgo(urgent, "1 minute");
    List<WaitingModel> waiting = shards.waiting(List.of("m", "n", "idle"));
    assertThat(waiting)
        .extracting(WaitingModel::model, WaitingModel::shards, WaitingModel::priority)
        .containsExactly(tuple("n", 1, -1), tuple("m", 3, 0));
    assertThat(waiting.get(0).deadline()).isEqualTo(deadline(urgent));
    assertThat(waiting.get(1).deadline()).as("of the best").isEqualTo(deadline(first));
    assertThat(waiting.get(0).waiting())
        .isBetween(Duration.ofMinutes(1), Duration.ofMinutes(1).plusSeconds(30));
    assertThat(waiting.get(1).waiting())
        .as("of the oldest")
        .isBetween(Duration.ofMinutes(2), Duration.ofMinutes(2).plusSeconds(30));
  }

  @Test
  void what_cannot_be_claimed_does_not_wait() {
    BatchId batch = rows.batch().part("m", 1).part("m", 1).part("m", 1).insert();
    rows.batch().part("m", 1).status(BatchStatus.CANCELLING).insert();
    rows.endWindow(rows.batch().part("m", 1).insert());
    rows.faults(new ShardKey(batch, 2), ShardTable.FAULTS_MAX);
    assertThat(shards.waiting(MODELS)).extracting(WaitingModel::shards).containsExactly(2);
    List<Lease> leases = shards.claim(HOLDER, MODELS, 2, TTL);
    assertThat(shards.waiting(MODELS)).as("leased").isEmpty();
    shards.giveBack(leases, Duration.ofMinutes(1));
    assertThat(shards.waiting(MODELS)).as("held back for a minute").isEmpty();
  }

  @Test
  void a_shard_given_back_waits_anew() {
    BatchId batch = rows.batch().part("m", 1).insert();
    acceptedAgo(batch, "1 hour");
    shards.giveBack(shards.claim(HOLDER, MODELS, 1, TTL), Duration.ZERO);
    assertThat(shards.waiting(MODELS).getFirst().waiting()).isLessThan(Duration.ofSeconds(30));
  }

  @Test
  void more_than_a_thousand_waiting_shards_are_not_counted() {
    rows.batch().part("m", 1).insert();
    database
        .jdbc()
        .sql(
            """
            INSERT INTO shard (batch, ordinal, file, part, model, lines, priority, deadline)
            SELECT s.batch, n, s.file, 0, 'm', 1, s.priority, s.deadline
            FROM shard s CROSS JOIN generate_series(1, 1500) AS n
            """)
        .update();
    assertThat(shards.waiting(MODELS).getFirst().shards()).isEqualTo(WaitingModel.SHARDS_MAX);
  }

  // claimUnwanted

  @Test
  void queued_shards_of_quarantined_models_are_claimed_apart() {
    BatchId batch = rows.batch().part("m", 1).and("n", 1).and("alias-of-n", 1).insert();
    BatchId held = rows.batch().part("n", 1).insert();
    rows.batch().part("n", 1).status(BatchStatus.VALIDATING).insert();
    shards.giveBack(
        shards.claim(HOLDER, List.of("m", "n", "alias-of-n"), 9, TTL), ShardTable.DELAY_MAX);
    assertThat(keysOfLeases(shards.claimUnwanted(HOLDER, Set.of("n", "alias-of-n"), 9, TTL)))
        .as("whether or not they may be claimed yet")
        .containsExactlyInAnyOrder(
            new ShardKey(batch, 1), new ShardKey(batch, 2), new ShardKey(held, 0));
  }

  @Test
  void no_more_of_quarantined_models_is_claimed_than_asked_for() {
    rows.batch().part("m", 1).and("n", 1).part("m", 1).and("n", 1).insert();
    Set<String> quarantined = Set.of("m", "n");
    assertThat(shards.claimUnwanted(HOLDER, quarantined, 3, TTL)).hasSize(3);
    assertThat(shards.claimUnwanted(HOLDER, quarantined, 3, TTL)).hasSize(1);
    assertThat(shards.claimUnwanted(HOLDER, quarantined, 3, TTL)).isEmpty();
  }

  @Test
  void what_nobody_wants_any_more_is_claimed_apart() {
    BatchId wanted = rows.batch().part("m", 1).insert();
    BatchId cancelling = rows.batch().part("m", 1).status(BatchStatus.CANCELLING).insert();
    BatchId finalizing = rows.batch().part("n", 1).status(BatchStatus.FINALIZING).insert();
    BatchId deadly = rows.batch().part("m", 1).part("m", 1).insert();
    rows.batch().part("m", 1).status(BatchStatus.VALIDATING).insert();
    rows.faults(new ShardKey(deadly, 1), ShardTable.FAULTS_MAX);
    List<Lease> claimed = shards.claimUnwanted(HOLDER, Set.of(), 9, TTL);
    assertThat(claimed)
        .containsExactlyInAnyOrder(
            new Lease(new ShardKey(cancelling, 0), 1),
            new Lease(new ShardKey(finalizing, 0), 1),
            new Lease(new ShardKey(deadly, 1), ShardTable.FAULTS_MAX + 1));
    assertThat(rows.shard(new ShardKey(cancelling, 0)).leasedBy()).isEqualTo(HOLDER);
    assertThat(rows.shard(new ShardKey(wanted, 0)).state()).isEqualTo("queued");
    assertThat(shards.claimUnwanted(HOLDER, Set.of(), 9, TTL)).as("claimed once").isEmpty();
  }

  @Test
  void no_more_unwanted_is_claimed_than_asked_for() {
    rows.batch().part("m", 1).part("m", 1).status(BatchStatus.CANCELLING).insert();
    assertThat(shards.claimUnwanted(HOLDER, Set.of(), 1, TTL)).hasSize(1);
    assertThat(shards.claimUnwanted(HOLDER, Set.of(), 1, TTL)).hasSize(1);
    assertThat(shards.claimUnwanted(HOLDER, Set.of(), 1, TTL)).isEmpty();
  }

  @Test
  void two_connections_claim_unwanted_shards_apart() {
    rows.batch().part("m", 1).part("m", 1).status(BatchStatus.CANCELLING).insert();
    database
        .database()
        .transactions()
        .executeWithoutResult(
            _ -> {
              List<Lease> mine = shards.claimUnwanted("a", Set.of(), 1, TTL);
              List<Lease> others = elsewhere(() -> shards.claimUnwanted("b", Set.of(), 9, TTL));
              assertThat(others).hasSize(1).doesNotContainAnyElementsOf(mine);
            });
  }

  // read

  @Test
  void a_holder_reads_its_part_whole() {
    BatchId batch = rows.batch().part("n", 2).part("m", 2).and("n", 1).insert();
    Lease lease = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    ClaimedShard shard = shards.read(List.of(lease)).getFirst();
    assertThat(shard.lease()).isEqualTo(new Lease(new ShardKey(batch, 1), 1));
    assertThat(shard.endpoint()).isEqualTo("/v1/embeddings");
    assertThat(shard.model()).isEqualTo("m");
    assertThat(shard.lines()).isEqualTo(2);
    assertThat(shard.firstLine()).isEqualTo(3);
    assertThat(new String(shard.content(), UTF_8))
        .isEqualTo(String.join("\n", Rows.line(3, "m"), Rows.line(4, "m"), Rows.line(5, "n"), ""));
    assertThat(shard.done()).isEmpty();
  }

  @Test
  void a_second_holder_learns_what_the_first_has_done() {
    rows.batch().part("m", 2).part("m", 5).insert();
    List<Lease> leases = shards.claim(HOLDER, MODELS, 2, TTL);
    Lease second = leases.getLast();
    shards.settle(
        List.of(succeeded(leases.getFirst(), 2), succeeded(second, 3), failed(second, 7)));
    shards.giveBack(leases, Duration.ZERO);
    assertThat(shards.read(shards.claim(HOLDER, MODELS, 2, TTL)))
        .extracting(ClaimedShard::done)
        .containsExactly(Set.of(2), Set.of(3, 7));
  }

  @Test
  void lost_leases_cannot_be_read() {
    rows.batch().part("m", 1).part("m", 1).part("m", 1).insert();
    List<Lease> leases = shards.claim(HOLDER, MODELS, 3, TTL);
    rows.expire(leases.get(0));
    rows.expire(leases.get(1));
    shards.reapExpired();
    shards.claim("other", MODELS, 1, TTL);
    assertThat(shards.read(leases)).extracting(ClaimedShard::lease).containsExactly(leases.get(2));
  }

  // renew

  @Test
  void a_lease_that_is_held_is_extended() {
    BatchId batch = rows.batch().part("m", 1).insert();
    List<Lease> leases = shards.claim(HOLDER, MODELS, 1, Duration.ofSeconds(1));
    assertThat(shards.renew(leases, Duration.ofHours(1)))
        .containsExactly(new Renewed(leases.getFirst(), true));
    assertThat(leaseLeft(batch)).isBetween(Duration.ofMinutes(59), Duration.ofHours(1));
    assertThat(rows.shard(new ShardKey(batch, 0)).attempt()).isEqualTo(1);
  }

  @Test
  void an_expired_lease_that_nobody_has_reaped_may_still_be_renewed() {
    rows.batch().part("m", 1).insert();
    List<Lease> leases = shards.claim(HOLDER, MODELS, 1, TTL);
    rows.expire(leases.getFirst());
    assertThat(shards.renew(leases, TTL)).hasSize(1);
    assertThat(shards.reapExpired()).isZero();
  }

  @Test
  void lost_leases_are_missing_from_the_renewed() {
    BatchId batch = rows.batch().part("m", 1).part("m", 1).part("m", 1).part("m", 1).insert();
    List<Lease> leases = shards.claim(HOLDER, MODELS, 4, TTL);
    Lease held = lease(leases, batch, 0);
    shards.settle(List.of(succeeded(lease(leases, batch, 1), 2))); // done
    rows.expire(lease(leases, batch, 2)); // reaped and claimed again
    shards.reapExpired();
    assertThat(shards.claim("other", MODELS, 1, TTL)).hasSize(1);
    rows.expire(lease(leases, batch, 3)); // reaped
    shards.reapExpired();
    assertThat(shards.renew(leases, Duration.ofHours(1))).containsExactly(new Renewed(held, true));
    assertThat(
            rows.value(
                Integer.class,
                "SELECT count(*) FROM shard WHERE lease_expires_at > now() + interval '10 min'"))
        .as("the other holder's lease is as long as it was")
        .isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(names = {"CANCELLING", "FINALIZING"})
  void a_renewal_tells_that_the_batch_wants_no_more(BatchStatus status) {
    BatchId batch = rows.batch().part("m", 1).insert();
    List<Lease> leases = shards.claim(HOLDER, MODELS, 1, TTL);
    rows.move(batch, status);
    assertThat(shards.renew(leases, TTL)).containsExactly(new Renewed(leases.getFirst(), false));
  }

  @Test
  void a_renewal_tells_that_the_window_has_passed() {
    BatchId batch = rows.batch().part("m", 1).insert();
    List<Lease> leases = shards.claim(HOLDER, MODELS, 1, TTL);
    rows.endWindow(batch);
    assertThat(shards.renew(leases, TTL)).containsExactly(new Renewed(leases.getFirst(), false));
  }

  // settle

  @Test
  void settling_stores_the_results_and_counts_them() {
    BatchId batch = rows.batch().part("m", 4).insert();
    Lease lease = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    assertThat(
            shards.settle(
                List.of(
                    new FinishedLine(lease, 1, true, "é".getBytes(UTF_8), 10, 1, 20, 2),
                    new FinishedLine(lease, 4, true, "abcd".getBytes(UTF_8), 100, 10, 200, 20),
                    new FinishedLine(lease, 2, false, "no".getBytes(UTF_8), 1000, 0, 0, 0))))
        .containsExactly(new Settled(lease, false));
    assertThat(rows.results(batch))
        .containsExactly(
            new Rows.Result(1, true, "é"),
            new Rows.Result(2, false, "no"),
            new Rows.Result(4, true, "abcd"));
    assertThat(rows.shard(lease.key()))
        .isEqualTo(new Rows.Shard("leased", 1, 0, HOLDER, 2, 1, 3 + 5, 3, 1110, 11, 220, 22));
  }

  @Test
  void the_last_line_ends_the_shard_and_its_lease() {
    rows.batch().part("m", 2).insert();
    Lease lease = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    assertThat(shards.settle(List.of(succeeded(lease, 1))))
        .containsExactly(new Settled(lease, false));
    assertThat(shards.settle(List.of(failed(lease, 2)))).containsExactly(new Settled(lease, true));
    Rows.Shard shard = rows.shard(lease.key());
    assertThat(shard.state()).isEqualTo("done");
    assertThat(shard.leasedBy()).isNull();
    assertThat(shard.completed() + shard.failed()).isEqualTo(2);
  }

  @Test
  void one_call_settles_several_shards() {
    BatchId one = rows.batch().part("m", 1).part("m", 2).insert();
    BatchId two = rows.batch().part("m", 1).insert();
    List<Lease> leases = shards.claim(HOLDER, MODELS, 3, TTL);
    Lease a = lease(leases, one, 0);
    Lease b = lease(leases, one, 1);
    Lease c = lease(leases, two, 0);
    assertThat(shards.settle(List.of(succeeded(b, 3), failed(c, 1), succeeded(a, 1))))
        .containsExactlyInAnyOrder(
            new Settled(a, true), new Settled(b, false), new Settled(c, true));
    assertThat(rows.results(one)).extracting(Rows.Result::line).containsExactly(1, 3);
    assertThat(rows.results(two)).containsExactly(new Rows.Result(1, false, body(1)));
    assertThat(rows.shard(c.key()).failed()).isEqualTo(1);
    assertThat(rows.shard(b.key()).completed()).isEqualTo(1);
  }

  @Test
  void settling_twice_changes_nothing_and_still_says_held() {
    BatchId batch = rows.batch().part("m", 3).insert();
    Lease lease = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    List<FinishedLine> finished = List.of(succeeded(lease, 1), failed(lease, 2));
    shards.settle(finished);
    Rows.Shard once = rows.shard(lease.key());
    assertThat(shards.settle(finished)).containsExactly(new Settled(lease, false));
    assertThat(rows.shard(lease.key())).isEqualTo(once);
    assertThat(rows.results(batch)).hasSize(2);
  }

  /** Nobody sends such a thing; the line is run again once the lease is over. */
  @Test
  void lines_that_come_together_with_one_that_is_stored_are_not_stored() {
    rows.batch().part("m", 3).insert();
    Lease lease = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    shards.settle(List.of(succeeded(lease, 1), succeeded(lease, 2)));
    assertThat(shards.settle(List.of(failed(lease, 1), succeeded(lease, 2), succeeded(lease, 3))))
        .containsExactly(new Settled(lease, false));
    assertThat(rows.shard(lease.key()).completed()).as("what is stored stays").isEqualTo(2);
    assertThat(rows.shard(lease.key()).failed()).isZero();
    assertThat(shards.settle(List.of(failed(lease, 3)))).containsExactly(new Settled(lease, true));
  }

  @Test
  void a_line_named_twice_in_one_call_counts_once() {
    BatchId batch = rows.batch().part("m", 3).insert();
    Lease lease = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    shards.settle(List.of(succeeded(lease, 1), succeeded(lease, 1), failed(lease, 1)));
    Rows.Shard shard = rows.shard(lease.key());
    assertThat(shard.completed() + shard.failed()).isEqualTo(1);
    assertThat(rows.results(batch)).hasSize(1);
    assertThat(rows.results(batch).getFirst().succeeded()).isEqualTo(shard.completed() == 1);
    assertThat(shard.inputTokens()).isEqualTo(shard.completed() == 1 ? 1 : 0);
  }

  @Test
  void nothing_to_settle_settles_nothing() {
    assertThat(shards.settle(List.of())).isEmpty();
  }

  @Test
  void a_lease_with_an_old_attempt_stores_nothing_while_another_in_the_same_call_does() {
    BatchId batch = rows.batch().part("m", 1).part("m", 1).insert();
    List<Lease> leases = shards.claim("zombie", MODELS, 2, TTL);
    Lease lost = lease(leases, batch, 0);
    Lease held = lease(leases, batch, 1);
    rows.expire(lost);
    shards.reapExpired();
    shards.claim(HOLDER, MODELS, 1, TTL);
    assertThat(shards.settle(List.of(succeeded(lost, 1), succeeded(held, 2))))
        .containsExactly(new Settled(held, true));
    assertThat(rows.results(batch)).containsExactly(new Rows.Result(2, true, body(2)));
    assertThat(rows.shard(lost.key()).completed()).isZero();
  }

  @Test
  void a_zombie_cannot_settle_after_a_reap() {
    BatchId batch = rows.batch().part("m", 1).insert();
    Lease lease = shards.claim("zombie", MODELS, 1, TTL).getFirst();
    rows.expire(lease);
    shards.reapExpired();
    assertThat(shards.settle(List.of(succeeded(lease, 1)))).isEmpty();
    assertThat(rows.results(batch)).isEmpty();
    assertThat(rows.shard(lease.key()))
        .isEqualTo(new Rows.Shard("queued", 1, 1, null, 0, 0, 0, 0, 0, 0, 0, 0));
  }

  @Test
  void a_zombie_cannot_settle_after_a_reclaim() {
    BatchId batch = rows.batch().part("m", 1).insert();
    Lease zombie = shards.claim("zombie", MODELS, 1, TTL).getFirst();
    shards.reapHolder("zombie", true);
    Lease successor = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    assertThat(shards.settle(List.of(failed(zombie, 1)))).isEmpty();
    assertThat(rows.results(batch)).isEmpty();
    assertThat(shards.settle(List.of(succeeded(successor, 1))))
        .containsExactly(new Settled(successor, true));
    assertThat(rows.results(batch)).containsExactly(new Rows.Result(1, true, body(1)));
  }

  @Test
  void a_zombie_cannot_settle_or_give_back_what_its_own_successor_holds_under_its_name() {
    rows.batch().part("m", 2).insert();
    Lease old = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    shards.giveBack(List.of(old), Duration.ZERO);
    Lease again = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    assertThat(shards.settle(List.of(succeeded(old, 1)))).isEmpty();
    assertThat(shards.giveBack(List.of(old), Duration.ZERO)).isZero();
    assertThat(shards.renew(List.of(old), TTL)).isEmpty();
    assertThat(rows.shard(again.key()).state()).isEqualTo("leased");
  }

  @Test
  void a_settle_that_meets_a_reap_waits_for_it_and_is_refused() {
    BatchId batch = rows.batch().part("m", 1).insert();
    Lease lease = shards.claim("zombie", MODELS, 1, TTL).getFirst();
    CompletableFuture<List<Settled>> settled = new CompletableFuture<>();
    database
        .database()
        .transactions()
        .executeWithoutResult(
            _ -> {
              shards.reapHolder("zombie", true);
              start(settled, () -> shards.settle(List.of(succeeded(lease, 1))));
              awaitLock();
            });
    assertThat(settled.join()).isEmpty();
    assertThat(rows.results(batch)).isEmpty();
  }

  @Test
  void a_cancel_does_not_throw_away_what_has_finished() {
    BatchId batch = rows.batch().part("m", 2).insert();
    Lease lease = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    rows.move(batch, BatchStatus.CANCELLING);
    assertThat(shards.settle(List.of(succeeded(lease, 1))))
        .containsExactly(new Settled(lease, false));
    assertThat(rows.results(batch)).hasSize(1);
  }

  // give back

  @Test
  void giving_back_counts_no_fault_and_keeps_the_attempt() {
    rows.batch().part("m", 2).insert();
    Lease lease = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    shards.settle(List.of(succeeded(lease, 1)));
    assertThat(shards.giveBack(List.of(lease), Duration.ZERO)).isEqualTo(1);
    Rows.Shard shard = rows.shard(lease.key());
    assertThat(shard.state()).isEqualTo("queued");
    assertThat(shard.faults()).isZero();
    assertThat(shard.attempt()).isEqualTo(1);
    assertThat(shard.completed()).isEqualTo(1);
    assertThat(shard.leasedBy()).isNull();
    assertThat(shards.giveBack(List.of(lease), Duration.ZERO)).as("once").isZero();
  }

  @Test
  void a_shard_given_back_with_a_delay_is_not_claimed_before_it_is_over() {
    BatchId batch = rows.batch().part("m", 1).insert();
    List<Lease> leases = shards.claim(HOLDER, MODELS, 1, TTL);
    shards.giveBack(leases, ShardTable.DELAY_MAX);
    assertThat(shards.claim(HOLDER, MODELS, 1, TTL)).isEmpty();
    assertThat(
            rows.value(
                Boolean.class,
                "SELECT available_at BETWEEN now() + interval '50 s' AND now() + interval '1 min'"
                    + " FROM shard WHERE batch = ?",
                batch.value()))
        .isTrue();
    database.jdbc().sql("UPDATE shard SET available_at = now()").update();
    assertThat(shards.claim(HOLDER, MODELS, 1, TTL)).hasSize(1);
  }

  @Test
  void a_shard_that_was_queued_before_the_clock_was_set_back_does_not_wait_for_it() {
    rows.batch().part("m", 1).insert();
    database.jdbc().sql("UPDATE shard SET available_at = now() + interval '2 h'").update();

    assertThat(shards.waiting(MODELS).getFirst().waiting()).isZero();
    assertThat(shards.claim(HOLDER, MODELS, 1, TTL)).hasSize(1);
  }

  @Test
  void a_delay_beyond_the_longest_is_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> shards.giveBack(List.of(), ShardTable.DELAY_MAX.plusMillis(1)));
  }

  // reap

  @Test
  void reaping_returns_expired_leases_and_counts_a_fault_once() {
    BatchId batch = rows.batch().part("m", 1).part("m", 1).insert();
    List<Lease> leases = shards.claim(HOLDER, MODELS, 2, TTL);
    rows.expire(lease(leases, batch, 0));
    assertThat(shards.reapExpired()).isEqualTo(1);
    assertThat(shards.reapExpired()).isZero();
    assertThat(rows.shard(new ShardKey(batch, 0)))
        .isEqualTo(new Rows.Shard("queued", 1, 1, null, 0, 0, 0, 0, 0, 0, 0, 0));
    assertThat(rows.shard(new ShardKey(batch, 1)).state()).isEqualTo("leased");
    assertThat(shards.claim("next", MODELS, 9, TTL))
        .as("at once, and under the next attempt")
        .containsExactly(new Lease(new ShardKey(batch, 0), 2));
  }

  @Test
  void reaping_a_holder_returns_its_leases_and_nobody_elses() {
    BatchId batch = rows.batch().part("m", 1).part("m", 1).part("m", 1).insert();
    shards.claim("dead", MODELS, 2, TTL);
    shards.claim("dead2", MODELS, 1, TTL);
    assertThat(shards.reapHolder("dead", true)).isEqualTo(2);
    assertThat(shards.reapHolder("dead", true)).isZero();
    assertThat(rows.shard(new ShardKey(batch, 0)).faults()).isEqualTo(1);
    assertThat(rows.shard(new ShardKey(batch, 1)).faults()).isEqualTo(1);
    assertThat(rows.shard(new ShardKey(batch, 2)).leasedBy()).isEqualTo("dead2");
  }

  @Test
  void two_reapers_count_one_fault() {
    BatchId batch = rows.batch().part("m", 1).insert();
    Lease lease = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    rows.expire(lease);
    CompletableFuture<Integer> second = new CompletableFuture<>();
    int first =
        database
            .database()
            .transactions()
            .execute(
                _ -> {
                  int reaped = shards.reapHolder(HOLDER, true);
                  start(second, shards::reapExpired);
                  return reaped;
                });
    assertThat(first + second.join()).isEqualTo(1);
    assertThat(rows.shard(new ShardKey(batch, 0)).faults()).isEqualTo(1);
  }

  @Test
  void a_delay_is_over_once_the_shard_is_reaped() {
    rows.batch().part("m", 1).insert();
    shards.giveBack(shards.claim(HOLDER, MODELS, 1, TTL), ShardTable.DELAY_MAX);
    database.jdbc().sql("UPDATE shard SET available_at = now()").update();
    Lease lease = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    rows.expire(lease);
    shards.reapExpired();
    assertThat(shards.claim(HOLDER, MODELS, 1, TTL)).hasSize(1);
  }

  // locks

  /** Two statements that lock the same shards in different orders end each other's transactions. */
  @Test
  void renewing_locks_shards_in_the_same_order_as_settling() {
    assertLocksFirstShardFirst(leases -> shards.renew(leases, TTL));
  }

  @Test
  void giving_back_locks_shards_in_the_same_order_as_settling() {
    assertLocksFirstShardFirst(leases -> shards.giveBack(leases, Duration.ZERO));
  }

  @Test
  void settling_locks_shards_in_their_order() {
    assertLocksFirstShardFirst(
        leases ->
            shards.settle(
                List.of(succeeded(leases.getFirst(), 3), succeeded(leases.getLast(), 1))));
  }

  @Test
  void reaping_a_holder_locks_shards_in_the_same_order_as_settling() {
    assertLocksFirstShardFirst(_ -> shards.reapHolder(HOLDER, true));
  }

  /**
   * While shard 0 is locked, a statement on shards 1 and 0 waits for it without holding shard 1.
   */
  private void assertLocksFirstShardFirst(Consumer<List<Lease>> statement) {
    BatchId batch = rows.batch().part("m", 2).part("m", 2).insert();
    fillTheTable(); // so that the plans are those of a busy server
    database.jdbc().sql("UPDATE shard SET priority = -1 WHERE ordinal = 1").update();
    Lease second = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    Lease first = shards.claim(HOLDER, MODELS, 1, TTL).getFirst();
    assertThat(first.key()).isEqualTo(new ShardKey(batch, 0));
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    database
        .database()
        .transactions()
        .executeWithoutResult(
            _ -> {
              lock(batch, 0);
              start(
                  done,
                  () -> {
                    statement.accept(List.of(second, first));
                    return true;
                  });
              awaitLock();
              lock(batch, 1);
            });
    assertThat(done.join()).isTrue();
  }

  @Test
  void reaping_does_not_wait_for_a_lease_that_is_being_settled() {
    BatchId batch = rows.batch().part("m", 2).part("m", 2).insert();
    List<Lease> leases = shards.claim(HOLDER, MODELS, 2, TTL);
    leases.forEach(rows::expire);
    database
        .database()
        .transactions()
        .executeWithoutResult(
            _ -> {
              shards.settle(List.of(succeeded(lease(leases, batch, 0), 1)));
              assertThat(elsewhere(shards::reapExpired)).isEqualTo(1);
            });
    assertThat(rows.shard(new ShardKey(batch, 0)).completed()).isEqualTo(1);
    assertThat(shards.reapExpired()).as("in the next round").isEqualTo(1);
  }

  private void fillTheTable() {
    rows.batch().part("other", 1).insert();
    database
        .jdbc()
        .sql(
            """
            INSERT INTO shard (batch, ordinal, file, part, model, lines, priority, deadline)
            SELECT s.batch, n, s.file, 0, 'other', 1, s.priority, s.deadline
            FROM shard s, generate_series(1, 2000) AS n WHERE s.model = 'other'
            """)
        .update();
    database.jdbc().sql("ANALYZE").update();
  }

  private void lock(BatchId batch, int ordinal) {
    database
        .jdbc()
        .sql("SELECT 1 FROM shard WHERE batch = ? AND ordinal = ? FOR UPDATE NOWAIT")
        .param(batch.value())
        .param(ordinal)
        .query()
        .singleRow();
  }

  // helpers

  private static <T> T elsewhere(Supplier<T> statement) {
    CompletableFuture<T> outcome = new CompletableFuture<>();
    start(outcome, statement);
    return outcome.join();
  }

  private static <T> void start(CompletableFuture<T> outcome, Supplier<T> statement) {
    Thread.ofPlatform()
        .start(
            () -> {
              try {
                outcome.complete(statement.get());
              } catch (RuntimeException e) {
                outcome.completeExceptionally(e);
              }
            });
  }

  /** Until a session waits for another's lock. */
  private void awaitLock() {
    for (int i = 0; i < 1_000; i++) {
      int waiting = rows.value(Integer.class, "SELECT count(*) FROM pg_locks WHERE NOT granted");
      if (waiting > 0) {
        return;
      }
      database.jdbc().sql("SELECT pg_sleep(0.01)").query().singleRow();
    }
    throw new AssertionError("nobody waits for a lock");
  }

  private static FinishedLine succeeded(Lease lease, int line) {
    return new FinishedLine(lease, line, true, body(line).getBytes(UTF_8), 1, 0, 0, 0);
  }

  private static FinishedLine failed(Lease lease, int line) {
    return FinishedLine.failed(lease, line, body(line).getBytes(UTF_8));
  }

  private static String body(int line) {
    return "{\"line\":" + line + "}";
  }

  private static Lease lease(List<Lease> leases, BatchId batch, int ordinal) {
    return leases.stream()
        .filter(lease -> lease.key().equals(new ShardKey(batch, ordinal)))
        .findFirst()
        .orElseThrow();
  }

  private static List<Lease> leases(BatchId batch, int count) {
    return keysOf(batch, count).stream().map(key -> new Lease(key, 1)).toList();
  }

  private static List<ShardKey> keysOf(BatchId batch, int count) {
    List<ShardKey> keys = new ArrayList<>();
    for (int ordinal = 0; ordinal < count; ordinal++) {
      keys.add(new ShardKey(batch, ordinal));
    }
    return keys;
  }

  private static List<ShardKey> keys(Collection<ClaimedShard> claimed) {
    return claimed.stream().map(shard -> shard.lease().key()).toList();
  }

  private static List<ShardKey> keysOfLeases(Collection<Lease> leases) {
    return leases.stream().map(Lease::key).toList();
  }

  private static void acceptedAgo(BatchId batch, String interval) {
    database
        .jdbc()
        .sql(
            "WITH shards AS (UPDATE shard SET available_at = now() - interval '1 day' WHERE batch ="
                + " :batch) UPDATE batch SET in_progress_at = now() - :ago::interval WHERE id ="
                + " :batch")
        .param("batch", batch.value())
        .param("ago", interval)
        .update();
  }

  private Instant deadline(BatchId batch) {
    return rows.value(
            OffsetDateTime.class, "SELECT expires_at FROM batch WHERE id = ?", batch.value())
        .toInstant();
  }

  private List<ShardKey> claimOneByOne() {
    List<ShardKey> claimed = new ArrayList<>();
    for (List<Lease> next = shards.claim(HOLDER, MODELS, 1, TTL);
        !next.isEmpty();
        next = shards.claim(HOLDER, MODELS, 1, TTL)) {
      claimed.add(next.getFirst().key());
    }
    return claimed;
  }

  private void sameDeadline(BatchId one, BatchId other) {
    UUID[] both = {one.value(), other.value()};
    database
        .jdbc()
        .sql(
            "UPDATE shard SET deadline = (SELECT max(deadline) FROM shard WHERE batch = ?)"
                + " WHERE batch = ?")
        .param(both[0])
        .param(both[1])
        .update();
    database
        .jdbc()
        .sql(
            "UPDATE shard SET deadline = (SELECT max(deadline) FROM shard WHERE batch = ?)"
                + " WHERE batch = ?")
        .param(both[1])
        .param(both[0])
        .update();
  }

  private Duration leaseLeft(BatchId batch) {
    return Duration.ofMillis(
        rows.value(
            Long.class,
            "SELECT (extract(epoch FROM max(lease_expires_at) - now()) * 1000)::bigint FROM shard"
                + " WHERE batch = ?",
            batch.value()));
  }
}
