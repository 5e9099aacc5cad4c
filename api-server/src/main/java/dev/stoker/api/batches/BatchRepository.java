package dev.stoker.api.batches;

import jakarta.persistence.LockModeType;
import jakarta.persistence.QueryHint;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.domain.Limit;
import org.springframework.data.jpa.repository.Lock;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.jpa.repository.QueryHints;
import org.springframework.data.repository.Repository;

/** Reads and locks batch rows. */
public interface BatchRepository extends Repository<BatchRow, UUID> {
  /** Hibernate's word for SKIP LOCKED. */
  String SKIP_LOCKED = "-2";

  Optional<BatchRow> findById(UUID id);

  @Query("select b from BatchRow b where b.id < :before order by b.id desc")
  List<BatchRow> newestFirst(UUID before, Limit limit);

  @Lock(LockModeType.PESSIMISTIC_WRITE)
  @Query("select b from BatchRow b where b.id = :id")
  Optional<BatchRow> lock(UUID id);

  /** The first batch after one that nobody has judged and nobody is judging. */
  @Lock(LockModeType.PESSIMISTIC_WRITE)
  @QueryHints(@QueryHint(name = "jakarta.persistence.lock.timeout", value = SKIP_LOCKED))
  @Query(
      "select b from BatchRow b where b.id > :after"
          + " and (b.status = 'validating' or b.status = 'cancelling' and b.total is null)"
          + " order by b.id")
  List<BatchRow> lockUnjudged(UUID after, Limit limit);

  /** Batches of the same file, created since a time, newest first. */
  @Query(
      "select b from BatchRow b where b.inputFileId = :inputFileId and b.createdAt > :since"
          + " order by b.id desc")
  List<BatchRow> recent(String inputFileId, Instant since, Limit limit);

  /** The database's clock. */
  @Query(value = "SELECT clock_timestamp()", nativeQuery = true)
  Instant databaseTime();
}
