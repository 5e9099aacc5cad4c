package dev.stoker.file;

import dev.stoker.id.WireId;
import java.util.Optional;
import java.util.UUID;

/** A file's id, on the wire {@code file-} and 32 hex digits. */
public record FileId(UUID value) {
  private static final String PREFIX = "file-";

  /** The id that a text names, or empty when the text cannot be a file's id. */
  public static Optional<FileId> parse(String text) {
    return WireId.parse(PREFIX, text).map(FileId::new);
  }

  @Override
  public String toString() {
    return WireId.print(PREFIX, value);
  }
}
