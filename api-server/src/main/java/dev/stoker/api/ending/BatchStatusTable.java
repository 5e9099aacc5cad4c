package dev.stoker.api.ending;

import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.SqlArrayValue;

/** Looks up where batches are. */
final class BatchStatusTable {
  private static final String STATUS = "SELECT id, status FROM batch WHERE id = ANY(:batches)";

  private final JdbcClient jdbc;

  BatchStatusTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  Map<BatchId, BatchStatus> of(Collection<BatchId> batches) {
    Map<BatchId, BatchStatus> found = new HashMap<>();
    jdbc.sql(STATUS)
        .param("batches", new SqlArrayValue("uuid", batches.stream().map(BatchId::value).toArray()))
        .query(
            row -> {
              found.put(
                  new BatchId(row.getObject("id", UUID.class)),
                  BatchStatus.ofWireName(row.getString("status")));
            });
    return found;
  }
}
