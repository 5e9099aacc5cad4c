package dev.stoker.worker.lease;

import dev.stoker.line.RequestLine;
import dev.stoker.queue.ClaimedShard;
import dev.stoker.queue.OpenLines;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * In which order the lines of one shard are run. Pure. Results are stored by their number, so that
 * no client sees it.
 */
final class LineOrder {
  private LineOrder() {}

  /**
   * Lines that begin alike stand together, since an engine that has computed a prefix need not do
   * so again while it is in its cache. At the end of a batch the longest come first: a long one
   * that starts last keeps the engine, and the client, waiting for it alone.
   */
  static List<OpenLines.Line> of(ClaimedShard shard, List<OpenLines.Line> lines) {
    return lines.stream().sorted(shard.last() ? longestFirst() : alike(shard.content())).toList();
  }

  private static Comparator<OpenLines.Line> longestFirst() {
    return Comparator.<OpenLines.Line>comparingInt(line -> line.request().tokensMax())
        .thenComparingInt(line -> line.request().bodyLength())
        .reversed();
  }

  private static Comparator<OpenLines.Line> alike(byte[] content) {
    return (one, other) -> compare(content, one.request(), other.request());
  }

  private static int compare(byte[] content, RequestLine one, RequestLine other) {
    return Arrays.compareUnsigned(
        content,
        one.bodyOffset(),
        one.bodyOffset() + one.bodyLength(),
        content,
        other.bodyOffset(),
        other.bodyOffset() + other.bodyLength());
  }
}
