package dev.stoker.api.batches;

import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import dev.stoker.file.FileId;
import java.sql.Types;
import java.time.OffsetDateTime;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Stores new batches, by one statement each, since crowds create them. */
final class NewBatchTable {

  /**
   * The lock is released when the batch is there to be seen by whoever wants to delete the file. To
   * be counted is what makes it be taken, and there be a batch without a file too.
   */
  private static final String INSERT =
      """
      WITH used AS MATERIALIZED (
          SELECT FROM file
          WHERE id = :file::uuid AND status = 'processed' AND (expires_at IS NULL OR expires_at > now())
          FOR SHARE
      )
      INSERT INTO batch (id, endpoint, input_file_id, completion_window, metadata, output_expires_after_s,
                         priority, status, created_at, expires_at)
      SELECT :id, :endpoint, :input_file_id, :completion_window, :metadata, :output_expires_after_s,
             :priority, :status, now(), now() + :window_s * interval '1 second'
      FROM (SELECT count(*) FROM used) AS locked
      RETURNING created_at
      """;

  private final JdbcClient jdbc;

  NewBatchTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Stores a batch. Its input file cannot be deleted until that has committed; whether there is
   * such a file is the intake's business.
   */
  BatchRow insert(BatchId id, CreateBatch wanted) {
    OffsetDateTime created =
        jdbc.sql(INSERT)
            .param(
                "file",
                FileId.parse(wanted.inputFileId()).map(FileId::value).orElse(null),
                Types.OTHER)
            .param("id", id.value())
            .param("endpoint", wanted.endpoint().url())
            .param("input_file_id", wanted.inputFileId())
            .param("completion_window", wanted.completionWindow())
            .param("metadata", wanted.metadata(), Types.VARCHAR)
            .param("output_expires_after_s", wanted.outputExpiresAfterSeconds(), Types.INTEGER)
            .param("priority", wanted.priority())
            .param("status", BatchStatus.VALIDATING.wireName())
            .param("window_s", wanted.window().toSeconds())
            .query(OffsetDateTime.class)
            .single();
    return new BatchRow(id, wanted, created.toInstant());
  }
}
