package dev.stoker.api.batches;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.repository.Repository;

/** Reads and locks batch rows. */
public interface BatchRepository extends Repository<BatchRow, UUID> {

  /**
   * By name: a column that a later release adds must not change what a prepared statement returns.
   */
  String SELECT =
      """
      SELECT id, endpoint, input_file_id, completion_window, metadata, output_expires_after_s, priority, model,
             status, errors, total, completed, failed, input_tokens, cached_tokens, output_tokens,
             reasoning_tokens, output_file, error_file, created_at, expires_at, in_progress_at, finalizing_at,
             completed_at, failed_at, expired_at, cancelling_at, cancelled_at
      FROM batch
      """;

  Optional<BatchRow> findById(UUID id);

  @NativeQuery(SELECT + "WHERE id < :before ORDER BY id DESC LIMIT :limit")
  List<BatchRow> newestFirst(UUID before, int limit);

  @NativeQuery(SELECT + "WHERE id = :id FOR NO KEY UPDATE")
  Optional<BatchRow> lock(UUID id);

  /** The first batch after one that nobody has judged and nobody is judging. */
  @NativeQuery(
      SELECT
          + """
      WHERE id > :after AND (status = 'validating' OR status = 'cancelling' AND total IS NULL)
      ORDER BY id LIMIT 1
      FOR NO KEY UPDATE SKIP LOCKED
      """)
  Optional<BatchRow> lockUnjudged(UUID after);

  /** Batches of the same file, created since a time, newest first. */
  @NativeQuery(
      SELECT
          + """
      WHERE input_file_id = :inputFileId AND created_at > :since
      ORDER BY id DESC LIMIT :limit
      """)
  List<BatchRow> recent(String inputFileId, Instant since, int limit);

  /** The database's clock. */
  @NativeQuery("SELECT clock_timestamp()")
  Instant databaseTime();
}
