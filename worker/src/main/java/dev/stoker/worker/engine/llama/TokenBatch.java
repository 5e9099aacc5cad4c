package dev.stoker.worker.engine.llama;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;

/** Tokens of several sequences that are computed together. Kept and filled again for each step. */
final class TokenBatch {
  private final int tokensMax;
  private final Memory tokens;
  private final Memory positions;
  private final Memory sequences;
  private final Memory sequenceCounts;
  private final Memory sequencePointers;
  private final Memory outputs;
  private int size;

  TokenBatch(int tokensMax) {
    this.tokensMax = tokensMax;
    tokens = new Memory((long) tokensMax * Integer.BYTES);
    positions = new Memory((long) tokensMax * Integer.BYTES);
    sequences = new Memory((long) tokensMax * Integer.BYTES);
    sequenceCounts = new Memory((long) tokensMax * Integer.BYTES);
    sequencePointers = new Memory((long) tokensMax * Native.POINTER_SIZE);
    outputs = new Memory(tokensMax);
    for (int i = 0; i < tokensMax; i++) {
      sequenceCounts.setInt((long) i * Integer.BYTES, 1);
      sequencePointers.setPointer(
          (long) i * Native.POINTER_SIZE, sequences.share((long) i * Integer.BYTES));
    }
  }

  void clear() {
    size = 0;
  }

  int size() {
    return size;
  }

  int room() {
    return tokensMax - size;
  }

  /**
   * Adds a token; there must be room.
   *
   * @param output whether what follows it is wanted
   * @return its index in this batch
   */
  int add(int token, int position, int sequence, boolean output) {
    int index = size++;
    long offset = (long) index * Integer.BYTES;
    tokens.setInt(offset, token);
    positions.setInt(offset, position);
    sequences.setInt(offset, sequence);
    outputs.setByte(index, LlamaCpp.bool(output));
    return index;
  }

  /** A part of this batch; shares its memory. */
  LlamaCpp.BatchView view(int from, int count) {
    LlamaCpp.BatchView view = new LlamaCpp.BatchView();
    view.count = count;
    view.tokens = tokens.share((long) from * Integer.BYTES);
    view.embeddings = Pointer.NULL;
    view.positions = positions.share((long) from * Integer.BYTES);
    view.sequenceCounts = sequenceCounts.share((long) from * Integer.BYTES);
    view.sequences = sequencePointers.share((long) from * Native.POINTER_SIZE);
    view.outputs = outputs.share(from);
    return view;
  }
}
