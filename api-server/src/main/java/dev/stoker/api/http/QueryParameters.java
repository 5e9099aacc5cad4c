package dev.stoker.api.http;

import dev.stoker.api.error.ApiErrors;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/** Reads the parameters of lists. An empty parameter counts as absent. */
public final class QueryParameters {
  /** Sorts after every id. */
  public static final UUID ID_MAX = new UUID(-1, -1);

  /** Sorts before every id. */
  public static final UUID ID_MIN = new UUID(0, 0);

  private QueryParameters() {}

  public static int limit(String text, int fallback, int max) {
    if (absent(text)) {
      return fallback;
    }
    long limit = number(text);
    if (limit < 1) {
      throw ApiErrors.belowMin("limit", 1, limit);
    }
    if (limit > max) {
      throw ApiErrors.aboveMax("limit", max, limit);
    }
    return (int) limit;
  }

  /** A cursor is compared, never looked up: what it names may be deleted, or be the last. */
  public static Optional<UUID> after(String text, Function<String, Optional<UUID>> parse) {
    if (absent(text)) {
      return Optional.empty();
    }
    return Optional.of(
        parse
            .apply(text)
            .orElseThrow(
                () -> ApiErrors.invalidValue("after", "'" + text + "' is no id of this list.")));
  }

  public static boolean ascending(String text) {
    if (absent(text) || text.equals("desc")) {
      return false;
    }
    if (text.equals("asc")) {
      return true;
    }
    throw ApiErrors.unsupportedValue("order", text, List.of("asc", "desc"));
  }

  public static boolean absent(String text) {
    return text == null || text.isEmpty();
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw ApiErrors.wrongType("limit", "an integer", "a string");
    }
  }
}
