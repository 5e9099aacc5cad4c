package dev.stoker.api.batches;

import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import jakarta.persistence.Column;
import jakarta.persistence.Convert;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.annotations.DynamicUpdate;

/** A batch. It is changed only while its row is locked. */
@Entity
@Table(name = "batch")
@DynamicUpdate
public class BatchRow {
  @Id private UUID id;
  private String endpoint;
  private String inputFileId;
  private String completionWindow;
  private String metadata;

  @Column(name = "output_expires_after_s")
  private Integer outputExpiresAfterSeconds;

  private short priority;
  private String model;

  @Convert(converter = StatusColumn.class)
  private BatchStatus status;

  private String errors;
  private Integer total;
  private Integer completed;
  private Integer failed;
  private long inputTokens;
  private long cachedTokens;
  private long outputTokens;
  private long reasoningTokens;
  private UUID outputFile;
  private UUID errorFile;
  private Instant createdAt;
  private Instant expiresAt;
  private Instant inProgressAt;
  private Instant finalizingAt;
  private Instant completedAt;
  private Instant failedAt;
  private Instant expiredAt;
  private Instant cancellingAt;
  private Instant cancelledAt;

  /** For Hibernate. */
  protected BatchRow() {}

  BatchRow(BatchId id, CreateBatch wanted, Instant now) {
    this.id = id.value();
    this.endpoint = wanted.endpoint().url();
    this.inputFileId = wanted.inputFileId();
    this.completionWindow = wanted.completionWindow();
    this.metadata = wanted.metadata();
    this.outputExpiresAfterSeconds = wanted.outputExpiresAfterSeconds();
    this.priority = wanted.priority();
    this.status = BatchStatus.VALIDATING;
    this.createdAt = now;
    this.expiresAt = now.plus(wanted.window());
  }

  /** The client's wish. */
  void cancel(Instant now) {
    move(BatchStatus.CANCELLING);
    cancellingAt = now;
  }

  /** The input file is good; a batch that was cancelled meanwhile stays so. */
  public void accept(int requests, String firstModel, Instant now) {
    total = requests;
    model = firstModel;
    inProgressAt = now;
    if (status != BatchStatus.CANCELLING) {
      move(BatchStatus.IN_PROGRESS);
    }
  }

  /**
   * The input file is not good; a batch that was cancelled meanwhile ends as cancelled, with
   * nothing to account for.
   *
   * @param why OpenAI's error list as JSON
   */
  public void refuse(String why, Instant now) {
    if (status == BatchStatus.CANCELLING) {
      move(BatchStatus.CANCELLED);
      cancelledAt = now;
      total = 0;
      completed = 0;
      failed = 0;
    } else {
      move(BatchStatus.FAILED);
      failedAt = now;
      errors = why;
    }
  }

  private void move(BatchStatus next) {
    if (!status.successors().contains(next)) {
      throw new IllegalStateException(id() + " cannot go from " + status + " to " + next);
    }
    status = next;
  }

  public BatchId id() {
    return new BatchId(id);
  }

  public String endpoint() {
    return endpoint;
  }

  public String inputFileId() {
    return inputFileId;
  }

  public BatchStatus status() {
    return status;
  }

  String completionWindow() {
    return completionWindow;
  }

  /** The client's object as JSON, or null. */
  String metadata() {
    return metadata;
  }

  /** How long result files are kept, or null. */
  Integer outputExpiresAfterSeconds() {
    return outputExpiresAfterSeconds;
  }

  short priority() {
    return priority;
  }

  String model() {
    return model;
  }

  /** OpenAI's error list as JSON, or null. */
  String errors() {
    return errors;
  }

  /** How many requests it has; empty until validated. */
  public Optional<Integer> total() {
    return Optional.ofNullable(total);
  }

  /** What the end fixed; empty before. */
  Optional<RequestCounts> finalCounts() {
    return completed == null
        ? Optional.empty()
        : Optional.of(new RequestCounts(total, completed, failed));
  }

  Usage usage() {
    return new Usage(
        inputTokens,
        new Usage.InputDetails(cachedTokens),
        outputTokens,
        new Usage.OutputDetails(reasoningTokens),
        inputTokens + outputTokens);
  }

  UUID outputFile() {
    return outputFile;
  }

  UUID errorFile() {
    return errorFile;
  }

  Instant createdAt() {
    return createdAt;
  }

  Instant expiresAt() {
    return expiresAt;
  }

  Instant inProgressAt() {
    return inProgressAt;
  }

  Instant finalizingAt() {
    return finalizingAt;
  }

  Instant completedAt() {
    return completedAt;
  }

  Instant failedAt() {
    return failedAt;
  }

  Instant expiredAt() {
    return expiredAt;
  }

  Instant cancellingAt() {
    return cancellingAt;
  }

  Instant cancelledAt() {
    return cancelledAt;
  }
}
