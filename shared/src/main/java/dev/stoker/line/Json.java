package dev.stoker.line;

import tools.jackson.core.io.JsonStringEncoder;

/** The little JSON that is written by hand. */
public final class Json {
  private Json() {}

  /** A text as a JSON string, quotes included. */
  public static String quote(String text) {
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsCharArray(text)) + '"';
  }

  /** OpenAI's error envelope with all four keys; an empty param or code is null. */
  public static String error(String message, String type, String param, String code) {
    return "{\"error\":{\"message\":"
        + quote(message)
        + ",\"type\":"
        + quote(type)
        + ",\"param\":"
        + orNull(param)
        + ",\"code\":"
        + orNull(code)
        + "}}";
  }

  private static String orNull(String text) {
    return text.isEmpty() ? "null" : quote(text);
  }
}
