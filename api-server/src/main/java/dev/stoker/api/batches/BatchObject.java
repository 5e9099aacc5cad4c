package dev.stoker.api.batches;

import com.fasterxml.jackson.annotation.JsonRawValue;
import dev.stoker.batch.BatchStatus;
import dev.stoker.file.FileId;
import java.time.Instant;
import java.util.UUID;

/**
 * A batch as the API shows it: every key is there, with null where there is nothing yet.
 *
 * @param errors OpenAI's error list as JSON
 * @param metadata the client's object as JSON
 */
record BatchObject(
    String id,
    String object,
    String endpoint,
    String model,
    @JsonRawValue String errors,
    String inputFileId,
    String completionWindow,
    String status,
    String outputFileId,
    String errorFileId,
    long createdAt,
    Long inProgressAt,
    long expiresAt,
    Long finalizingAt,
    Long completedAt,
    Long failedAt,
    Long expiredAt,
    Long cancellingAt,
    Long cancelledAt,
    RequestCounts requestCounts,
    Usage usage,
    @JsonRawValue String metadata) {

  /**
   * @param counts live while the batch runs, final afterwards
   */
  static BatchObject of(BatchRow row, RequestCounts counts) {
    return new BatchObject(
        row.id().toString(),
        "batch",
        row.endpoint(),
        row.model(),
        row.errors(),
        row.inputFileId(),
        row.completionWindow(),
        row.status().wireName(),
        fileId(row.outputFile()),
        fileId(row.errorFile()),
        row.createdAt().getEpochSecond(),
        seconds(row.inProgressAt()),
        row.expiresAt().getEpochSecond(),
        seconds(row.finalizingAt()),
        seconds(row.completedAt()),
        seconds(row.failedAt()),
        seconds(row.expiredAt()),
        seconds(row.cancellingAt()),
        seconds(row.cancelledAt()),
        counts,
        usage(row.status(), row.usage()),
        row.metadata());
  }

  private static Usage usage(BatchStatus status, Usage usage) {
    return status.ended() && usage.totalTokens() > 0 ? usage : null;
  }

  private static String fileId(UUID file) {
    return file == null ? null : new FileId(file).toString();
  }

  private static Long seconds(Instant time) {
    return time == null ? null : time.getEpochSecond();
  }
}
