package dev.stoker.api.files;

import dev.stoker.file.FilePurpose;
import jakarta.persistence.LockModeType;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.domain.Limit;
import org.springframework.data.jpa.repository.Lock;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/** Reads and locks file rows. */
public interface FileRepository extends Repository<FileRow, UUID> {

  @Query("select f from FileRow f where f.id = :id and f.status = 'processed'")
  Optional<FileRow> visible(UUID id);

  /** For the intake: what it finds cannot be deleted until the batch is accepted or refused. */
  @Lock(LockModeType.PESSIMISTIC_READ)
  @Query("select f from FileRow f where f.id = :id and f.status = 'processed'")
  Optional<FileRow> lockForIntake(UUID id);

  @Lock(LockModeType.PESSIMISTIC_WRITE)
  @Query("select f from FileRow f where f.id = :id and f.status = 'processed'")
  Optional<FileRow> lockForDeletion(UUID id);

  @Query("select f from FileRow f where f.id = :id and f.status = 'uploading'")
  Optional<FileRow> uploading(UUID id);

  @Query(
      "select f from FileRow f where f.status = 'processed' and f.purpose in :purposes"
          + " and f.id < :before order by f.id desc")
  List<FileRow> newestFirst(Collection<FilePurpose> purposes, UUID before, Limit limit);

  @Query(
      "select f from FileRow f where f.status = 'processed' and f.purpose in :purposes"
          + " and f.id > :after order by f.id")
  List<FileRow> oldestFirst(Collection<FilePurpose> purposes, UUID after, Limit limit);

  void delete(FileRow row);

  /** The database's clock. */
  @Query(value = "SELECT clock_timestamp()", nativeQuery = true)
  Instant databaseTime();
}
