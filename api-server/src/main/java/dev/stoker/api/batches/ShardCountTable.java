package dev.stoker.api.batches;

import dev.stoker.batch.BatchId;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.SqlArrayValue;

/** Counts what has ended of batches that run. */
final class ShardCountTable {

  record Ended(BatchId batch, int completed, int failed) {}

  private static final String COUNT =
      """
      SELECT batch, sum(completed) AS completed, sum(failed) AS failed
      FROM shard WHERE batch = ANY(:batches)
      GROUP BY batch
      """;

  private final JdbcClient jdbc;

  ShardCountTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  Map<BatchId, Ended> of(Collection<BatchId> batches) {
    if (batches.isEmpty()) {
      return Map.of();
    }
    return jdbc
        .sql(COUNT)
        .param("batches", new SqlArrayValue("uuid", batches.stream().map(BatchId::value).toArray()))
        .query(
            (row, _) ->
                new Ended(
                    new BatchId(row.getObject("batch", UUID.class)),
                    row.getInt("completed"),
                    row.getInt("failed")))
        .list()
        .stream()
        .collect(Collectors.toMap(Ended::batch, ended -> ended));
  }
}
