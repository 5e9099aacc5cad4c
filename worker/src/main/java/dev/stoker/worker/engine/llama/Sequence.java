package dev.stoker.worker.engine.llama;

import java.util.Arrays;
import java.util.Optional;

/**
 * One of the places in the model's cache, with the answer that is written there. When that has
 * ended, its tokens stay: the next prompt may begin with the same ones.
 */
final class Sequence {
  private final int id;
  private final int[] tokens;
  private int known;
  private int computed;
  private long lastUse;
  private int outputAt = -1;
  private Optional<Writing> writing = Optional.empty();

  Sequence(int id, int contextTokens) {
    this.id = id;
    this.tokens = new int[contextTokens];
  }

  int id() {
    return id;
  }

  Optional<Writing> writing() {
    return writing;
  }

  boolean idle() {
    return writing.isEmpty();
  }

  boolean full() {
    return known == tokens.length;
  }

  /** Whether it holds computed tokens. */
  boolean holdsAny() {
    return computed > 0;
  }

  long lastUse() {
    return lastUse;
  }

  /** How many tokens of a prompt need not be computed; always fewer than all. */
  int sharedWith(int[] prompt) {
    int limit = Math.min(computed, prompt.length - 1);
    int mismatch = Arrays.mismatch(tokens, 0, limit, prompt, 0, limit);
    return mismatch < 0 ? limit : mismatch;
  }

  /**
   * Begins an answer.
   *
   * @param kept how many tokens of the prompt have been computed here
   */
  void begin(int[] prompt, int kept, Writing answer, long use) {
    System.arraycopy(prompt, 0, tokens, 0, prompt.length);
    known = prompt.length;
    computed = kept;
    lastUse = use;
    writing = Optional.of(answer);
  }

  /** The answer goes on with a token. */
  void add(int token) {
    tokens[known++] = token;
  }

  /** Puts into a batch what has not been computed, or as much as there is room for. */
  void fill(TokenBatch batch, Sequence[] owners) {
    outputAt = -1;
    int count = Math.min(known - computed, batch.room());
    for (int position = computed; position < computed + count; position++) {
      boolean last = position == known - 1;
      int index = batch.add(tokens[position], position, id, last);
      owners[index] = this;
      if (last) {
        outputAt = index;
      }
    }
  }

  /** Whether only its newest token has not been computed. */
  boolean generating() {
    return known - computed == 1;
  }

  /**
   * One more of its tokens has been computed.
   *
   * @param index of the token in its batch
   * @return whether the next can be chosen
   */
  boolean computed(int index) {
    computed++;
    return index == outputAt;
  }

  void release() {
    writing = Optional.empty();
  }

  /** The cache has forgotten it. */
  void forgotten() {
    computed = 0;
  }
}
