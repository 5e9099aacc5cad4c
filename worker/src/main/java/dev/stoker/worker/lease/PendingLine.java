package dev.stoker.worker.lease;

import dev.stoker.line.RequestLine;
import dev.stoker.queue.LineStrikes;
import java.util.Arrays;

/**
 * A line waiting for its turn.
 *
 * @param line the physical line, counted from 1
 * @param tries how often the engine has already failed to answer it well under this lease
 * @param strikes what is known against it
 */
public record PendingLine(
    HeldShard shard, int line, RequestLine request, int tries, LineStrikes strikes) {

  public PendingLine triedAgain() {
    return new PendingLine(shard, line, request, tries + 1, strikes);
  }

  /** An engine died that ran it, perhaps with nothing else. */
  public PendingLine struck(boolean alone) {
    return new PendingLine(shard, line, request, tries, strikes.another(alone));
  }

  /** The request's JSON object, as the client wrote it. */
  public byte[] body() {
    int from = request.bodyOffset();
    return Arrays.copyOfRange(shard.content(), from, from + request.bodyLength());
  }
}
