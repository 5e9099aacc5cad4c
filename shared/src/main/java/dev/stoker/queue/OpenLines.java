package dev.stoker.queue;

import dev.stoker.line.LineCheck;
import dev.stoker.line.LineVerdict;
import dev.stoker.line.PartLines;
import dev.stoker.line.RequestLine;
import java.util.ArrayList;
import java.util.List;

/**
 * The lines of a claimed shard that are not finished. All were good when the batch was accepted; a
 * newer {@link LineCheck} may judge otherwise, and the shard must end nevertheless.
 *
 * @param lines those to be run, in the order of the file
 * @param strays lines that are certainly the shard's but cannot be run any more
 * @param complete whether these and the finished ones are all the shard's lines; if not, some
 *     cannot be run any more and nobody can say which, since the part has other models too
 */
public record OpenLines(List<Line> lines, List<Integer> strays, boolean complete) {

  /** A line by its number in the file, counted from 1. */
  public record Line(int number, RequestLine request) {}

  public static OpenLines of(ClaimedShard shard, LineCheck check) {
    Walk walk = new Walk(shard, check);
    PartLines.each(shard.firstLine(), shard.content(), walk);
    boolean alone = walk.seen == shard.lines();
    return new OpenLines(
        List.copyOf(walk.open),
        alone ? List.copyOf(walk.strays) : List.of(),
        alone || walk.own == shard.lines());
  }

  private static final class Walk implements PartLines.Visitor {
    private final ClaimedShard shard;
    private final LineCheck check;
    private final List<Line> open = new ArrayList<>();
    private final List<Integer> strays = new ArrayList<>();
    private int seen;
    private int own;

    Walk(ClaimedShard shard, LineCheck check) {
      this.shard = shard;
      this.check = check;
    }

    @Override
    public void line(int number, int offset, int length) {
      seen++;
      boolean done = shard.done().contains(number);
      if (check.check(shard.content(), offset, length) instanceof LineVerdict.Valid(var request)
          && request.model().equals(shard.model())) {
        own++;
        if (!done) {
          open.add(new Line(number, request));
        }
      } else if (!done) {
        strays.add(number);
      }
    }
  }
}
