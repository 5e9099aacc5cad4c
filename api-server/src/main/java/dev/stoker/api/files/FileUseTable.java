package dev.stoker.api.files;

import dev.stoker.batch.BatchId;
import dev.stoker.file.FileId;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.SqlArrayValue;
import org.springframework.transaction.support.TransactionTemplate;

/** Says who needs a file, and sweeps away what nobody needs. */
final class FileUseTable {

  private static final String USER =
      """
      SELECT id FROM batch
      WHERE input_file_id = :file AND status IN ('validating', 'in_progress', 'finalizing', 'cancelling')
      LIMIT 1
      """;

  private static final String SWEEP_STALLED =
      """
      DELETE FROM file WHERE status = 'uploading' AND touched_at < now() - :stalled_s * interval '1 second'
      """;

  private static final String UNUSED =
      """
      NOT EXISTS (SELECT 1 FROM batch b
                  WHERE b.input_file_id = 'file-' || replace(f.id::text, '-', '')
                    AND b.status IN ('validating', 'in_progress', 'finalizing', 'cancelling'))
      """;

  private static final String LOCK_EXPIRED =
      """
      SELECT f.id FROM file f
      WHERE f.expires_at <= now() AND f.status = 'processed' AND
      """
          + UNUSED
          + """
          ORDER BY f.expires_at
          LIMIT 10
          FOR UPDATE SKIP LOCKED
          """;

  /** Looks again: a batch may have come before the lock did, but not since. */
  private static final String DELETE_UNUSED =
      "DELETE FROM file f WHERE f.id = ANY(:files) AND " + UNUSED;

  /** Results of an ended batch whose file has been deleted; a portion, for they may be millions. */
  private static final String SWEEP_RESULTS =
      """
      DELETE FROM result_group WHERE (batch, part_line, first_line) IN (
          SELECT g.batch, g.part_line, g.first_line
          FROM (SELECT id, true AS succeeded, output_file AS file FROM batch WHERE output_file IS NOT NULL
                UNION ALL
                SELECT id, false, error_file FROM batch WHERE error_file IS NOT NULL) AS produced
          JOIN result_group g ON g.batch = produced.id AND g.succeeded = produced.succeeded
          WHERE NOT EXISTS (SELECT 1 FROM file f WHERE f.id = produced.file)
          LIMIT :groups)
      """;

  private final JdbcClient jdbc;
  private final TransactionTemplate transaction;

  FileUseTable(JdbcClient jdbc, TransactionTemplate transaction) {
    this.jdbc = jdbc;
    this.transaction = transaction;
  }

  /** A batch that has not ended and needs the file. */
  Optional<BatchId> user(FileId file) {
    return jdbc.sql(USER)
        .param("file", file.toString())
        .query((row, _) -> new BatchId(row.getObject(1, UUID.class)))
        .optional();
  }

  int sweepStalledUploads(java.time.Duration stalled) {
    return jdbc.sql(SWEEP_STALLED).param("stalled_s", stalled.toSeconds()).update();
  }

  /**
   * Deletes expired files that no batch needs. The intake locks its file too: one that waits for
   * this finds the file gone, and one that came first keeps the file.
   */
  int sweepExpiredFiles() {
    return transaction.execute(_ -> deleteUnused(lockExpired()));
  }

  private List<UUID> lockExpired() {
    return jdbc.sql(LOCK_EXPIRED).query(UUID.class).list();
  }

  private int deleteUnused(List<UUID> files) {
    return files.isEmpty()
        ? 0
        : jdbc.sql(DELETE_UNUSED)
            .param("files", new SqlArrayValue("uuid", files.toArray()))
            .update();
  }

  int sweepResults(int groups) {
    return jdbc.sql(SWEEP_RESULTS).param("groups", groups).update();
  }
}
