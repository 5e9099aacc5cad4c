package dev.stoker.api.files;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.repository.Repository;

/** Reads and locks file rows. */
public interface FileRepository extends Repository<FileRow, UUID> {

  /**
   * By name: a column that a later release adds must not change what a prepared statement returns.
   */
  String SELECT =
      """
      SELECT id, purpose, filename, status, bytes, lines, sha256, batch, result_kind, created_at, expires_at
      FROM file
      """;

  @NativeQuery(SELECT + "WHERE id = :id AND status = 'processed'")
  Optional<FileRow> visible(UUID id);

  /** For the intake: what it finds cannot be deleted until the batch is accepted or refused. */
  @NativeQuery(SELECT + "WHERE id = :id AND status = 'processed' FOR SHARE")
  Optional<FileRow> lockForIntake(UUID id);

  @NativeQuery(SELECT + "WHERE id = :id AND status = 'processed' FOR UPDATE")
  Optional<FileRow> lockForDeletion(UUID id);

  @NativeQuery(SELECT + "WHERE id = :id AND status = 'uploading'")
  Optional<FileRow> uploading(UUID id);

  @NativeQuery(
      SELECT
          + """
      WHERE status = 'processed' AND purpose IN (:purposes) AND id < :before
      ORDER BY id DESC LIMIT :limit
      """)
  List<FileRow> newestFirst(Collection<String> purposes, UUID before, int limit);

  @NativeQuery(
      SELECT
          + """
      WHERE status = 'processed' AND purpose IN (:purposes) AND id > :after
      ORDER BY id LIMIT :limit
      """)
  List<FileRow> oldestFirst(Collection<String> purposes, UUID after, int limit);

  void delete(FileRow row);

  /** The database's clock. */
  @NativeQuery("SELECT clock_timestamp()")
  Instant databaseTime();
}
