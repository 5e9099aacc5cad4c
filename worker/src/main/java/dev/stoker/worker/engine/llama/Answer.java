package dev.stoker.worker.engine.llama;

import java.util.List;

/**
 * What the model wrote.
 *
 * @param complete whether it came to an end by itself or at a stop; else it ran out of tokens
 * @param promptTokens how many tokens the prompt had
 * @param cachedTokens how many of them had been computed before, for another request
 * @param tokens how many tokens were generated, with those that steer or were cut off
 * @param choices each token of the text, if they were asked for
 */
record Answer(
    String text,
    boolean complete,
    int promptTokens,
    int cachedTokens,
    int tokens,
    List<Choice> choices) {

  /** A token, and which others might have been in its place, the likeliest first. */
  record Choice(Likelihood chosen, List<Likelihood> likeliest) {}

  /** A token's text and the natural logarithm of its probability. */
  record Likelihood(byte[] piece, double logarithm) {}
}
