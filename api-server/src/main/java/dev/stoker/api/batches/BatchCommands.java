package dev.stoker.api.batches;

import dev.stoker.api.error.ApiErrors;
import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.springframework.transaction.support.TransactionTemplate;

/** Cancels batches, one transaction each, and finds those that a client has created already. */
final class BatchCommands {
  private static final Duration RETRIES_LAST = Duration.ofSeconds(60);

  /** Nobody who asks for a batch wants one of these. */
  private static final Set<BatchStatus> GIVEN_UP =
      EnumSet.of(BatchStatus.FAILED, BatchStatus.CANCELLING, BatchStatus.CANCELLED);

  private static final int TWINS_MAX = 20;

  private final BatchRepository batches;
  private final TransactionTemplate transaction;

  BatchCommands(BatchRepository batches, TransactionTemplate transaction) {
    this.batches = batches;
    this.transaction = transaction;
  }

  /** The batch that an earlier try of the same request has made, though its answer was lost. */
  Optional<BatchRow> madeBefore(CreateBatch wanted) {
    Instant since = batches.databaseTime().minus(RETRIES_LAST);
    return batches.recent(wanted.inputFileId(), since, TWINS_MAX).stream()
        .filter(row -> !GIVEN_UP.contains(row.status()))
        .filter(row -> row.endpoint().equals(wanted.endpoint().url()))
        .filter(row -> row.completionWindow().equals(wanted.completionWindow()))
        .filter(row -> Objects.equals(row.metadata(), wanted.metadata()))
        .filter(row -> keptAsLong(row, wanted) && row.priority() == wanted.priority())
        .findFirst();
  }

  private static boolean keptAsLong(BatchRow row, CreateBatch wanted) {
    return Objects.equals(row.outputExpiresAfterSeconds(), wanted.outputExpiresAfterSeconds());
  }

  /** Cancels a batch; asking again changes nothing. */
  BatchRow cancel(String id) {
    BatchId batch = BatchId.parse(id).orElseThrow(() -> ApiErrors.noSuchBatch(id));
    return transaction.execute(
        _ -> {
          BatchRow row = batches.lock(batch.value()).orElseThrow(() -> ApiErrors.noSuchBatch(id));
          cancelLocked(row);
          return row;
        });
  }

  /** A batch whose window has passed is ending already; that is as good as cancelled. */
  private void cancelLocked(BatchRow row) {
    switch (row.status()) {
      case VALIDATING, IN_PROGRESS -> row.cancel(batches.databaseTime());
      case FINALIZING, CANCELLING, CANCELLED -> {}
      case COMPLETED, FAILED, EXPIRED -> throw ApiErrors.cannotCancel(row.status().wireName());
    }
  }
}
