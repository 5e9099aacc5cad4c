package dev.stoker.worker.engine.openai;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** One header of every request to the engine. Its value may be a secret and is never printed. */
record Header(String name, String value) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9-]+");
  private static final String SEPARATOR = "|";

  static Header bearer(String key) {
    return new Header("Authorization", "Bearer " + key);
  }

  /** Reads {@code Name: value | Name: value}. */
  static List<Header> parse(String text) {
    return Arrays.stream(text.split(Pattern.quote(SEPARATOR), -1))
        .map(String::strip)
        .filter(header -> !header.isEmpty())
        .map(Header::parseOne)
        .toList();
  }

  private static Header parseOne(String text) {
    int colon = text.indexOf(':');
    return colon < 0
        ? new Header("", "")
        : new Header(text.substring(0, colon).strip(), text.substring(colon + 1).strip());
  }

  boolean valid() {
    return NAME.matcher(name).matches()
        && !value.isEmpty()
        && value.chars().allMatch(c -> c >= ' ' && c < 127);
  }

  @Override
  public String toString() {
    return name + ": ...";
  }
}
