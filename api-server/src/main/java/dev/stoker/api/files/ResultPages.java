package dev.stoker.api.files;

import dev.stoker.api.files.ResultTable.Line;
import dev.stoker.batch.BatchId;
import java.util.ArrayList;
import java.util.List;

/**
 * The results of a batch in the order of their lines. Only groups of one part may lie between each
 * other: a part that fits into a page is put in order in memory, a larger one by the database.
 */
final class ResultPages implements Pages {
  private final ResultTable results;
  private final BatchId batch;
  private final boolean succeeded;
  private final int bytesMax;

  /** The first line of the newest part; parts that begin later have not been read. */
  private int partLine;

  private boolean lineByLine;
  private int lastLine;

  ResultPages(ResultTable results, BatchId batch, boolean succeeded, int bytesMax) {
    this.results = results;
    this.batch = batch;
    this.succeeded = succeeded;
    this.bytesMax = bytesMax;
  }

  @Override
  public List<byte[]> next() {
    List<byte[]> lines = lineByLine ? nextLines() : List.of();
    return lines.isEmpty() ? nextParts() : lines;
  }

  private List<byte[]> nextParts() {
    List<ResultGroup> groups = results.parts(batch, succeeded, partLine, bytesMax);
    if (groups.isEmpty()) {
      return List.of();
    }
    partLine = groups.getLast().partLine();
    lineByLine = groups.getFirst().content() == null;
    if (lineByLine) {
      lastLine = 0;
      return nextLines();
    }
    List<byte[]> parts = new ArrayList<>();
    for (int from = 0, to = 1; from < groups.size(); to++) {
      if (to == groups.size() || groups.get(to).partLine() != groups.get(from).partLine()) {
        parts.add(ResultGroup.merged(groups.subList(from, to)));
        from = to;
      }
    }
    return parts;
  }

  private List<byte[]> nextLines() {
    List<Line> lines = results.lines(batch, succeeded, partLine, lastLine, bytesMax);
    if (!lines.isEmpty()) {
      lastLine = lines.getLast().number();
    }
    return lines.stream().map(Line::content).toList();
  }
}
