package dev.stoker.watchdog.command;

/**
 * How a text is written into a unit so that systemd reads that very text: each place has its own
 * rules.
 */
final class UnitText {
  private UnitText() {}

  /** The program of a command line, in which variables are not replaced, nor quotes allowed. */
  static String program(String text) {
    if (text.chars().anyMatch(character -> "\"'\\".indexOf(character) >= 0)) {
      throw new Misused(
          "systemd starts no program with quotes or backslashes in its path: " + text);
    }
    return quoted(text);
  }

  /** A further word of a command line. */
  static String argument(String text) {
    return quoted(text).replace("$", "$$");
  }

  /** A word of a list, such as that of paths or of variables. */
  static String word(String text) {
    return quoted(text);
  }

  /** A path that has the rest of the line to itself; it is not quoted, and quotes are its own. */
  static String path(String text) {
    return specifiers(oneLine(text));
  }

  private static String quoted(String text) {
    return '"' + specifiers(oneLine(text)).replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private static String specifiers(String text) {
    return text.replace("%", "%%");
  }

  private static String oneLine(String text) {
    if (text.chars().anyMatch(Character::isISOControl)) {
      throw new Misused("a path with a line break or another control character fits no unit");
    }
    return text;
  }
}
