package dev.stoker.queue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Finished lines of one lease that go to the same file: what is stored as one row.
 *
 * @param lines their numbers, ascending
 * @param ends where each ends in the content
 * @param content the lines in that order, each with its line end
 */
record ResultGroup(
    Lease lease,
    boolean succeeded,
    int[] lines,
    int[] ends,
    byte[] content,
    long inputTokens,
    long cachedTokens,
    long outputTokens,
    long reasoningTokens) {

  /** Groups lines as few as can be. Of a line given twice the first is taken. */
  static List<ResultGroup> of(Collection<FinishedLine> finished) {
    Map<Lease, SortedMap<Integer, FinishedLine>> leases = new LinkedHashMap<>();
    for (FinishedLine line : finished) {
      leases.computeIfAbsent(line.lease(), _ -> new TreeMap<>()).putIfAbsent(line.line(), line);
    }
    List<ResultGroup> groups = new ArrayList<>();
    leases.forEach(
        (lease, lines) -> {
          group(lease, true, lines.values(), groups);
          group(lease, false, lines.values(), groups);
        });
    return groups;
  }

  private static void group(
      Lease lease, boolean succeeded, Collection<FinishedLine> of, List<ResultGroup> groups) {
    List<FinishedLine> lines = of.stream().filter(line -> line.succeeded() == succeeded).toList();
    if (!lines.isEmpty()) {
      groups.add(group(lease, succeeded, lines));
    }
  }

  private static ResultGroup group(Lease lease, boolean succeeded, List<FinishedLine> lines) {
    int[] ends = new int[lines.size()];
    byte[] content = new byte[lines.stream().mapToInt(line -> line.body().length + 1).sum()];
    int end = 0;
    long inputTokens = 0;
    long cachedTokens = 0;
    long outputTokens = 0;
    long reasoningTokens = 0;
    for (int i = 0; i < ends.length; i++) {
      FinishedLine line = lines.get(i);
      System.arraycopy(line.body(), 0, content, end, line.body().length);
      end += line.body().length + 1;
      content[end - 1] = '\n';
      ends[i] = end;
      inputTokens += line.inputTokens();
      cachedTokens += line.cachedTokens();
      outputTokens += line.outputTokens();
      reasoningTokens += line.reasoningTokens();
    }
    return new ResultGroup(
        lease,
        succeeded,
        lines.stream().mapToInt(FinishedLine::line).toArray(),
        ends,
        content,
        inputTokens,
        cachedTokens,
        outputTokens,
        reasoningTokens);
  }
}
