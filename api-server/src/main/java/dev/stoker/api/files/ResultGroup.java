package dev.stoker.api.files;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Results of one part that were stored together.
 *
 * @param partLine the first line of the part
 * @param lines the numbers of its lines, ascending
 * @param ends where each ends in the content
 * @param content the lines with their line ends; null if it was not read
 */
record ResultGroup(int partLine, Integer[] lines, Integer[] ends, byte[] content) {

  private record Line(int number, byte[] content, int begin, int end) {}

  /** The lines of groups of one part, in order. */
  static byte[] merged(List<ResultGroup> groups) {
    if (groups.size() == 1) {
      return groups.getFirst().content;
    }
    List<Line> lines = new ArrayList<>();
    groups.forEach(group -> group.addTo(lines));
    lines.sort(Comparator.comparingInt(Line::number));
    ByteArrayOutputStream merged =
        new ByteArrayOutputStream(groups.stream().mapToInt(group -> group.content.length).sum());
    lines.forEach(line -> merged.write(line.content, line.begin, line.end - line.begin));
    return merged.toByteArray();
  }

  private void addTo(List<Line> all) {
    int begin = 0;
    for (int i = 0; i < lines.length; i++) {
      all.add(new Line(lines[i], content, begin, ends[i]));
      begin = ends[i];
    }
  }
}
