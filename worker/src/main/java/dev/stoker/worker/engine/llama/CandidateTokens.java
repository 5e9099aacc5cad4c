package dev.stoker.worker.engine.llama;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;

/**
 * The tokens that may come next, and how likely each is: what llama.cpp's samplers work on. One for
 * all samplers of a thread, filled for each choice.
 */
final class CandidateTokens implements AutoCloseable {
  /** {@code llama_token_data}: an id, a logit, a probability. */
  private static final int BYTES = 3 * Integer.BYTES;

  private static final int LOGIT = Integer.BYTES;

  /** {@code llama_token_data_array}: where they are, how many, which is selected, if sorted. */
  private static final int LIST_BYTES = 32;

  private static final int SIZE = 8;
  private static final int SELECTED = 16;
  private static final int SORTED = 24;
  private static final long NONE = -1;

  private final int[] packed;
  private final Memory data;
  private final Memory list = new Memory(LIST_BYTES);

  CandidateTokens(int vocabularySize) {
    packed = new int[3 * vocabularySize];
    data = new Memory((long) BYTES * vocabularySize);
  }

  /** Begins with all tokens. */
  void all(float[] logits) {
    for (int token = 0; token < logits.length; token++) {
      packed[3 * token] = token;
      packed[3 * token + 1] = Float.floatToRawIntBits(logits[token]);
    }
    data.write(0, packed, 0, packed.length);
    present(logits.length);
  }

  /** Begins with one token. */
  void only(int token) {
    data.setInt(0, token);
    data.setFloat(LOGIT, 1);
    present(1);
  }

  private void present(int count) {
    list.setPointer(0, data);
    list.setLong(SIZE, count);
    list.setLong(SELECTED, NONE);
    list.setByte(SORTED, LlamaCpp.bool(false));
  }

  /** Lets a sampler of the library change, remove or select. */
  void apply(Pointer sampler) {
    LlamaCpp.llama_sampler_apply(sampler, list);
  }

  /** Whether any token is still possible. */
  boolean anyLeft() {
    long size = list.getLong(SIZE);
    for (long i = 0; i < size; i++) {
      if (data.getFloat(BYTES * i + LOGIT) != Float.NEGATIVE_INFINITY) {
        return true;
      }
    }
    return false;
  }

  /** What the last sampler has selected. */
  int selected() {
    return data.getInt(BYTES * list.getLong(SELECTED));
  }

  @Override
  public void close() {
    list.close();
    data.close();
  }
}
