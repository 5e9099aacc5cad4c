package dev.stoker.id;

import java.util.Optional;
import java.util.UUID;

/** The text form of an id: a prefix and 32 lower-case hex digits. */
public final class WireId {
  private WireId() {}

  public static String print(String prefix, UUID value) {
    return prefix + value.toString().replace("-", "");
  }

  /** The id that a text names, or empty when the text cannot be one of ours. */
  public static Optional<UUID> parse(String prefix, String text) {
    if (text.length() != prefix.length() + 32 || !text.startsWith(prefix)) {
      return Optional.empty();
    }
    try {
      long high = Long.parseUnsignedLong(text, prefix.length(), prefix.length() + 16, 16);
      long low = Long.parseUnsignedLong(text, prefix.length() + 16, prefix.length() + 32, 16);
      UUID value = new UUID(high, low);
      return Optional.of(value).filter(id -> print(prefix, id).equals(text));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }
}
