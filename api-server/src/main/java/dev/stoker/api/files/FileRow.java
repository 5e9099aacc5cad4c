package dev.stoker.api.files;

import dev.stoker.batch.BatchId;
import dev.stoker.file.FileId;
import dev.stoker.file.FilePurpose;
import jakarta.persistence.Convert;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.annotations.DynamicUpdate;

/** A file. Those that are still being uploaded are found by nobody. */
@Entity
@Table(name = "file")
@DynamicUpdate
public class FileRow {
  static final String UPLOADING = "uploading";
  static final String PROCESSED = "processed";

  @Id private UUID id;

  @Convert(converter = PurposeColumn.class)
  private FilePurpose purpose;

  private String filename;
  private String status;
  private long bytes;
  private int lines;

  @SuppressWarnings("UnusedVariable") // kept for whoever checks a copy
  private byte[] sha256;

  private UUID batch;
  private String resultKind;
  private Instant createdAt;
  private Instant expiresAt;

  /** For Hibernate. */
  protected FileRow() {}

  /** An upload that has just begun; what it will be is not known yet. */
  FileRow(FileId id, Instant createdAt) {
    this.id = id.value();
    this.purpose = FilePurpose.USER_DATA;
    this.filename = "";
    this.status = UPLOADING;
    this.createdAt = createdAt;
  }

  /** The upload is complete: the file can be seen from now on. */
  void complete(Form form, long bytesReceived, int requests, byte[] digest) {
    purpose = form.purpose();
    filename = form.filename();
    bytes = bytesReceived;
    lines = requests;
    sha256 = digest;
    expiresAt = form.expiresAfter().map(createdAt::plus).orElse(null);
    status = PROCESSED;
  }

  public FileId id() {
    return new FileId(id);
  }

  public FilePurpose purpose() {
    return purpose;
  }

  String filename() {
    return filename;
  }

  String status() {
    return status;
  }

  long bytes() {
    return bytes;
  }

  /** How many requests it holds. */
  public int lines() {
    return lines;
  }

  /** The batch whose results it stands for. */
  Optional<BatchId> batch() {
    return Optional.ofNullable(batch).map(BatchId::new);
  }

  boolean holdsSuccesses() {
    return "output".equals(resultKind);
  }

  Instant createdAt() {
    return createdAt;
  }

  Optional<Instant> expiresAt() {
    return Optional.ofNullable(expiresAt);
  }
}
