package dev.stoker.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchStatus;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.support.SqlArrayValue;

class ClaimPlanTest {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private final Rows rows = new Rows(database);

  /** Ten batches of 1,001 queued shards each. */
  private void longQueue() {
    justQueued();
    database.jdbc().sql("ANALYZE").update();
  }

  /** The same, of which the planner knows nothing yet. */
  private void justQueued() {
    for (int i = 0; i < 10; i++) {
      rows.batch().part("m", 2).insert();
    }
    database
        .jdbc()
        .sql(
            """
            INSERT INTO shard (batch, ordinal, file, part, model, lines, priority, deadline)
            SELECT s.batch, n, s.file, 0, 'm', 2, s.priority, s.deadline
            FROM shard s CROSS JOIN generate_series(1, 1000) AS n
            """)
        .update();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void what_is_ending_is_found_by_its_batches_and_not_in_the_queue(int cancelling) {
    longQueue();
    for (int i = 0; i < cancelling; i++) {
      rows.batch().part("m", 2).part("m", 2).status(BatchStatus.CANCELLING).insert();
    }
    List<String> plan =
        database
            .jdbc()
            .sql("EXPLAIN (ANALYZE) " + ShardTable.CLAIM_ENDING)
            .param("shards", 8)
            .param("holder", "api/host#1")
            .param("ttl_ms", 30_000L)
            .query(String.class)
            .list();
    String whole = String.join("\n", plan);
    assertThat(plan)
        .as(whole)
        .noneMatch(line -> line.contains("Seq Scan on shard") || line.contains("shard_claim"))
        .noneMatch(line -> line.matches(".*Rows Removed by .*: \\d{3,}.*"));
  }

  @Test
  void what_is_deadly_is_found_by_an_index_of_its_own_and_not_in_the_queue() {
    longQueue();
    database.jdbc().sql("UPDATE shard SET attempt = 10, faults = 10 WHERE ordinal = 500").update();
    List<String> plan =
        database
            .jdbc()
            .sql("EXPLAIN (ANALYZE) " + ShardTable.CLAIM_DEADLY)
            .param("shards", 8)
            .param("holder", "api/host#1")
            .param("ttl_ms", 30_000L)
            .query(String.class)
            .list();
    String whole = String.join("\n", plan);
    assertThat(whole).contains("shard_deadly");
    assertThat(plan)
        .as(whole)
        .noneMatch(line -> line.contains("Seq Scan on shard") || line.contains("shard_claim"))
        .noneMatch(line -> line.matches(".*Rows Removed by .*: \\d{3,}.*"));
  }

  /** The cost of a claim must not grow with the queue, nor with the queue of another model. */
  @ParameterizedTest
  @ValueSource(strings = {"m", "m alias", "idle alias"})
  void a_claim_walks_the_index_of_its_models_in_order_and_sorts_no_queue(String models) {
    longQueue();
    assertThatNoQueueIsRead(claimPlan(models));
  }

  @Test
  void a_claim_right_after_a_long_queue_was_made_costs_no_more() {
    justQueued();
    assertThatNoQueueIsRead(claimPlan("m alias"));
  }

  /** What the planner believes may be of a time when the table looked quite different. */
  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.3, 1, 10, 100})
  void whatever_the_planner_believes_a_claim_costs_no_more(double rowsPerPage) {
    justQueued();
    database
        .jdbc()
        .sql(
            """
            SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', 'shard', 'relpages', 1000,
                                             'reltuples', (1000 * :rows)::real)
            """)
        .param("rows", rowsPerPage)
        .query(Boolean.class)
        .single();

    assertThatNoQueueIsRead(claimPlan("m alias"));
    assertThatNoQueueIsRead(waitingPlan("m", "alias"));
  }

  /**
   * As after a night in which all was done, until autovacuum looks again. Batches lie in the order
   * of their identifiers then, which makes an index of them look cheap.
   */
  @Test
  void a_claim_costs_no_more_where_nothing_waited_when_the_planner_looked() {
    justQueued();
    database.jdbc().sql("UPDATE shard SET state = 'done', completed = lines").update();
    database.jdbc().sql("VACUUM ANALYZE shard").update();
    database
        .jdbc()
        .sql(
            """
            SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', 'shard', 'attname', 'batch',
                                              'inherited', false, 'correlation', 1::real)
            """)
        .query(Boolean.class)
        .single();
    database.jdbc().sql("UPDATE shard SET state = 'queued', completed = 0").update();

    assertThatNoQueueIsRead(claimPlan("m alias"));
    assertThatNoQueueIsRead(waitingPlan("m", "alias"));
    assertThatNoQueueIsRead(quarantinedPlan("idle", "m"));
  }

  private static List<String> claimPlan(String models) {
    return database
        .jdbc()
        .sql("EXPLAIN (ANALYZE) " + ShardTable.CLAIM)
        .param("models", new SqlArrayValue("text", (Object[]) models.split(" ")))
        .param("shards", 4)
        .param("holder", "host/0#1")
        .param("ttl_ms", 30_000L)
        .query(String.class)
        .list();
  }

  @Test
  void what_waits_is_told_without_reading_the_queues() {
    longQueue();
    assertThatNoQueueIsRead(waitingPlan("m", "idle"));
  }

  private static List<String> waitingPlan(String... models) {
    return database
        .jdbc()
        .sql("EXPLAIN (ANALYZE) " + ShardTable.WAITING)
        .param("models", new SqlArrayValue("text", (Object[]) models))
        .param("shards_max", 100)
        .query(String.class)
        .list();
  }

  @Test
  void what_is_quarantined_is_found_by_its_model() {
    longQueue();
    assertThatNoQueueIsRead(quarantinedPlan("idle", "m"));
  }

  private static List<String> quarantinedPlan(String... models) {
    return database
        .jdbc()
        .sql("EXPLAIN (ANALYZE) " + ShardTable.CLAIM_QUARANTINED)
        .param("models", new SqlArrayValue("text", (Object[]) models))
        .param("shards", 8)
        .param("holder", "api/host#1")
        .param("ttl_ms", 30_000L)
        .query(String.class)
        .list();
  }

  /** Of 10,010 shards it looks at those it takes. */
  private static void assertThatNoQueueIsRead(List<String> plan) {
    assertThat(plan)
        .as(String.join("\n", plan))
        .anyMatch(line -> line.contains("Index Scan using shard_claim on shard"))
        .noneMatch(line -> line.contains("Seq Scan on shard"))
        .noneMatch(line -> line.matches(".*Scan.* on shard .*actual.* rows=\\d{4,}.*"))
        .noneMatch(line -> line.matches(".*Rows Removed by .*: \\d{3,}.*"));
  }
}
