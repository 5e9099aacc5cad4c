package dev.stoker.batch;

import dev.stoker.id.WireId;
import java.util.Optional;
import java.util.UUID;

/** A batch's id, on the wire {@code batch_} and 32 hex digits. */
public record BatchId(UUID value) {
  private static final String PREFIX = "batch_";

  /** The id that a text names, or empty when the text cannot be a batch's id. */
  public static Optional<BatchId> parse(String text) {
    return WireId.parse(PREFIX, text).map(BatchId::new);
  }

  @Override
  public String toString() {
    return WireId.print(PREFIX, value);
  }
}
