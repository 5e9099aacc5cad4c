package dev.stoker.watchdog.command;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows of text under their headings, each column as wide as it must be. */
final class Columns {
  private static final String GAP = "  ";

  private final List<String[]> rows = new ArrayList<>();

  Columns(String... headings) {
    rows.add(headings);
  }

  void row(Object... cells) {
    rows.add(Arrays.stream(cells).map(String::valueOf).toArray(String[]::new));
  }

  /** One line each, the headings first. */
  List<String> lines() {
    int[] widths = new int[rows.getFirst().length];
    for (String[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  private static String line(String[] row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < row.length; i++) {
      line.append(row[i]).append(" ".repeat(widths[i] - row[i].length())).append(GAP);
    }
    return line.toString().stripTrailing();
  }
}
