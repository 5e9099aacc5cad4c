package dev.stoker.queue;

/**
 * A line with its result, ready to be stored.
 *
 * @param line the physical line, counted from 1
 * @param succeeded whether it goes to the output file, else to the error file
 * @param body the whole result line, without its line end
 */
public record FinishedLine(
    Lease lease,
    int line,
    boolean succeeded,
    byte[] body,
    long inputTokens,
    long cachedTokens,
    long outputTokens,
    long reasoningTokens) {

  /** A line that cost no tokens. */
  public static FinishedLine failed(Lease lease, int line, byte[] body) {
    return new FinishedLine(lease, line, false, body, 0, 0, 0, 0);
  }
}
