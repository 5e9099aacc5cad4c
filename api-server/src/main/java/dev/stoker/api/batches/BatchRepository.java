package dev.stoker.api.batches;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.repository.Repository;

/** Reads and locks batch rows. */
public interface BatchRepository extends Repository<BatchRow, UUID> {

  Optional<BatchRow> findById(UUID id);

  @NativeQuery("SELECT * FROM batch WHERE id < :before ORDER BY id DESC LIMIT :limit")
  List<BatchRow> newestFirst(UUID before, int limit);

  @NativeQuery("SELECT * FROM batch WHERE id = :id FOR NO KEY UPDATE")
  Optional<BatchRow> lock(UUID id);

  /** The first batch after one that nobody has judged and nobody is judging. */
  @NativeQuery(
      """
      SELECT * FROM batch
      WHERE id > :after AND (status = 'validating' OR status = 'cancelling' AND total IS NULL)
      ORDER BY id LIMIT 1
      FOR NO KEY UPDATE SKIP LOCKED
      """)
  Optional<BatchRow> lockUnjudged(UUID after);

  /** Batches of the same file, created since a time, newest first. */
  @NativeQuery(
      """
      SELECT * FROM batch WHERE input_file_id = :inputFileId AND created_at > :since
      ORDER BY id DESC LIMIT :limit
      """)
  List<BatchRow> recent(String inputFileId, Instant since, int limit);

  /** The database's clock. */
  @NativeQuery("SELECT clock_timestamp()")
  Instant databaseTime();
}
