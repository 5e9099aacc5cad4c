package dev.stoker.line;

/** Walks over the lines of a part's content. */
public final class PartLines {

  /** One line that is not blank, without its line feed and without a byte order mark. */
  @FunctionalInterface
  public interface Visitor {
    void line(int number, int offset, int length);
  }

  private PartLines() {}

  /** Shows every line that is not blank. */
  public static void each(int firstLine, byte[] content, Visitor visitor) {
    int number = firstLine;
    for (int from = 0; from < content.length; number++) {
      int to = from;
      while (to < content.length && content[to] != '\n') {
        to++;
      }
      int start = number == 1 ? afterMark(content, from, to) : from;
      if (!blank(content, start, to)) {
        visitor.line(number, start, to - start);
      }
      from = to + 1;
    }
  }

  public static boolean blank(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r') {
        return false;
      }
    }
    return true;
  }

  /** Where a first line begins once the byte order mark is passed over, if there is one. */
  public static int afterMark(byte[] bytes, int from, int to) {
    boolean marked =
        to - from >= 3
            && bytes[from] == (byte) 0xEF
            && bytes[from + 1] == (byte) 0xBB
            && bytes[from + 2] == (byte) 0xBF;
    return marked ? from + 3 : from;
  }
}
