package dev.stoker.api.batches;

import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import dev.stoker.file.FileId;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.json.JsonMapper;

/** Stores new batches, a group by one statement, since crowds create them. */
final class NewBatchTable {

  /**
   * The locks are released when the batches are there to be seen by whoever wants to delete a file.
   */
  private static final String INSERT =
      """
      WITH wanted AS MATERIALIZED (
          SELECT * FROM json_to_recordset(:batches::json) AS batch (
              id uuid, file uuid, endpoint text, input_file_id text, completion_window text, metadata text,
              output_expires_after_s int, priority smallint, window_s bigint)
      ), usable AS (
          SELECT id FROM file
          WHERE id IN (SELECT wanted.file FROM wanted)
            AND status = 'processed' AND (expires_at IS NULL OR expires_at > now())
      ), used AS MATERIALIZED (
          SELECT id FROM file WHERE id IN (SELECT usable.id FROM usable) FOR SHARE %s
      )
      INSERT INTO batch (id, endpoint, input_file_id, completion_window, metadata, output_expires_after_s,
                         priority, status, created_at, expires_at)
      SELECT id, endpoint, input_file_id, completion_window, metadata, output_expires_after_s,
             priority, :status, now(), now() + window_s * interval '1 second'
      FROM wanted
      WHERE %s
      RETURNING id, created_at
      """;

  private static final String INSERT_FREE =
      INSERT.formatted(
          "SKIP LOCKED",
          "file IS NULL OR file IN (SELECT id FROM used) OR file NOT IN (SELECT id FROM usable)");

  /** To be counted is what makes a lock be taken, and there be a batch without a file too. */
  private static final String INSERT_PATIENTLY =
      INSERT.formatted("", "(SELECT count(*) FROM used) >= 0");

  /** What the statement reads of a batch. */
  private record Row(
      UUID id,
      UUID file,
      String endpoint,
      String input_file_id,
      String completion_window,
      String metadata,
      Integer output_expires_after_s,
      short priority,
      long window_s) {

    static Row of(NewBatch batch) {
      CreateBatch wanted = batch.wanted();
      return new Row(
          batch.id().value(),
          FileId.parse(wanted.inputFileId()).map(FileId::value).orElse(null),
          wanted.endpoint().url(),
          wanted.inputFileId(),
          wanted.completionWindow(),
          wanted.metadata(),
          wanted.outputExpiresAfterSeconds(),
          wanted.priority(),
          wanted.window().toSeconds());
    }
  }

  private final JdbcClient jdbc;
  private final JsonMapper json;

  NewBatchTable(JdbcClient jdbc, JsonMapper json) {
    this.jdbc = jdbc;
    this.json = json;
  }

  /**
   * Stores batches, but for those whose input file somebody else has locked: he may be deleting it.
   * That of one that is stored cannot be deleted until that has committed; whether there is such a
   * file is the intake's business.
   *
   * @return when those that are stored were created
   */
  Map<BatchId, Instant> insertFree(List<NewBatch> batches) {
    return insert(INSERT_FREE, batches);
  }

  /** Stores a batch, once nobody else has its input file locked. */
  Instant insertPatiently(NewBatch batch) {
    return insert(INSERT_PATIENTLY, List.of(batch)).get(batch.id());
  }

  private Map<BatchId, Instant> insert(String sql, List<NewBatch> batches) {
    return jdbc
        .sql(sql)
        .param("batches", json.writeValueAsString(batches.stream().map(Row::of).toList()))
        .param("status", BatchStatus.VALIDATING.wireName())
        .query(
            (row, _) ->
                Map.entry(
                    new BatchId(row.getObject("id", UUID.class)),
                    row.getObject("created_at", OffsetDateTime.class).toInstant()))
        .list()
        .stream()
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }
}
