package dev.stoker.engine.mock;

/**
 * How long the mock's answers are before {@code max_tokens} cuts them: each length from min to max
 * is as likely, and which it is depends on the request alone.
 */
public record TokenRange(int min, int max) {
  public static final TokenRange DEFAULT = new TokenRange(20, 120);

  public TokenRange {
    if (min < 1 || max < min) {
      throw new IllegalArgumentException("not a range of tokens: " + min + " to " + max);
    }
  }
}
