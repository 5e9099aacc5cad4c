package dev.stoker.worker.engine;

/** The tokens that one request cost. */
public record TokenUsage(long input, long cached, long output, long reasoning) {
  public static final TokenUsage NONE = new TokenUsage(0, 0, 0, 0);

  public static TokenUsage input(long tokens) {
    return new TokenUsage(tokens, 0, 0, 0);
  }
}
