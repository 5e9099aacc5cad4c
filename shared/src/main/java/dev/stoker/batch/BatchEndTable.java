package dev.stoker.batch;

import dev.stoker.id.OrderedIds;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/** The statements that lead a batch to its end. Safe in every process at once. */
public final class BatchEndTable {
  private static final Duration RESULTS_KEPT = Duration.ofDays(30);

  private static final String EXPIRE =
      """
      UPDATE batch b SET status = 'finalizing', finalizing_at = now()
      WHERE b.status = 'in_progress' AND b.expires_at <= now()
        AND EXISTS (SELECT 1 FROM shard s WHERE s.batch = b.id AND (s.state <> 'done') IS TRUE)
      """;

  private static final String ENDABLE =
      """
      SELECT b.id FROM batch b
      WHERE b.status IN ('in_progress', 'finalizing', 'cancelling') AND b.total IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM shard s WHERE s.batch = b.id AND (s.state <> 'done') IS TRUE)
      LIMIT 100
      """;

  private static final String NO_SHARD_OPEN =
      "SELECT NOT EXISTS (SELECT 1 FROM shard WHERE batch = :batch AND (state <> 'done') IS TRUE)";

  private static final String LOCK =
      """
      SELECT b.status FROM batch b
      WHERE b.id = :batch AND b.status IN ('in_progress', 'finalizing', 'cancelling') AND b.total IS NOT NULL
      FOR UPDATE
      """;

  /** After the lock, so that it sees every settle that came before. */
  private static final String SUM =
      """
      SELECT coalesce(sum(completed), 0) AS completed, coalesce(sum(failed), 0) AS failed,
             coalesce(bool_and(state = 'done'), true) AS all_done
      FROM shard WHERE batch = :batch
      """;

  private static final String ADD_FILE =
      """
      INSERT INTO file (id, purpose, filename, status, bytes, lines, batch, result_kind, expires_at)
      SELECT :id, 'batch_output', :filename, 'processed',
             (SELECT sum(CASE :kind WHEN 'output' THEN output_bytes ELSE error_bytes END)
              FROM shard WHERE batch = b.id),
             :lines, b.id, :kind,
             now() + coalesce(b.output_expires_after_s, :kept_s) * interval '1 second'
      FROM batch b WHERE b.id = :batch
      """;

  private static final String END =
      """
      UPDATE batch b
      SET status = :status,
          finalizing_at = coalesce(b.finalizing_at, CASE :status WHEN 'completed' THEN now() END),
          completed_at = CASE :status WHEN 'completed' THEN now() END,
          expired_at = CASE :status WHEN 'expired' THEN now() END,
          cancelled_at = CASE :status WHEN 'cancelled' THEN now() END,
          completed = :completed, failed = :failed,
          output_file = :output_file, error_file = :error_file,
          (input_tokens, cached_tokens, output_tokens, reasoning_tokens) = (
              SELECT coalesce(sum(input_tokens), 0), coalesce(sum(cached_tokens), 0),
                     coalesce(sum(output_tokens), 0), coalesce(sum(reasoning_tokens), 0)
              FROM shard WHERE batch = b.id)
      WHERE b.id = :batch
      """;

  private record Sums(int completed, int failed, boolean allDone) {}

  private final JdbcClient jdbc;
  private final TransactionTemplate transaction;
  private final OrderedIds ids;

  public BatchEndTable(JdbcClient jdbc, TransactionTemplate transaction, OrderedIds ids) {
    this.jdbc = jdbc;
    this.transaction = transaction;
    this.ids = ids;
  }

  /** Stops the batches whose window has passed. */
  public int expire() {
    return jdbc.sql(EXPIRE).update();
  }

  /**
   * Batches that only wait to be ended, because whoever finished their last shard died before it
   * could.
   */
  public List<BatchId> endable() {
    return jdbc.sql(ENDABLE).query((row, _) -> new BatchId(row.getObject(1, UUID.class))).list();
  }

  /**
   * Ends a batch if no shard of it is open: fixes its counts and makes its result files visible.
   *
   * @return the status it ended in, or empty when it was not its time or another process was first
   */
  public Optional<BatchStatus> end(BatchId batch) {
    if (!noShardOpen(batch)) {
      return Optional.empty();
    }
    return transaction.execute(
        _ ->
            lock(batch)
                .flatMap(status -> BatchStatus.ofWireName(status).successorAtTheEnd())
                .filter(end -> close(batch, end)));
  }

  /** Spares most calls the transaction; {@link #close} looks again under the lock. */
  private boolean noShardOpen(BatchId batch) {
    return jdbc.sql(NO_SHARD_OPEN).param("batch", batch.value()).query(Boolean.class).single();
  }

  private Optional<String> lock(BatchId batch) {
    return jdbc.sql(LOCK).param("batch", batch.value()).query(String.class).optional();
  }

  private boolean close(BatchId batch, BatchStatus end) {
    Sums sums =
        jdbc.sql(SUM)
            .param("batch", batch.value())
            .query(
                (row, _) ->
                    new Sums(
                        row.getInt("completed"), row.getInt("failed"), row.getBoolean("all_done")))
            .single();
    if (!sums.allDone()) {
      return false;
    }
    UUID output = sums.completed() == 0 ? null : addFile(batch, "output", sums.completed());
    UUID error = sums.failed() == 0 ? null : addFile(batch, "error", sums.failed());
    jdbc.sql(END)
        .param("batch", batch.value())
        .param("status", end.wireName())
        .param("completed", sums.completed())
        .param("failed", sums.failed())
        .param("output_file", output, java.sql.Types.OTHER)
        .param("error_file", error, java.sql.Types.OTHER)
        .update();
    return true;
  }

  private UUID addFile(BatchId batch, String kind, int lines) {
    UUID id = ids.next();
    jdbc.sql(ADD_FILE)
        .param("id", id)
        .param("batch", batch.value())
        .param("filename", batch + "_" + kind + ".jsonl")
        .param("kind", kind)
        .param("lines", lines)
        .param("kept_s", RESULTS_KEPT.toSeconds())
        .update();
    return id;
  }
}
