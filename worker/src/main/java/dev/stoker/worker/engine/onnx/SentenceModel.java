package dev.stoker.worker.engine.onnx;

import java.util.List;

/**
 * A loaded model: text to tokens, tokens to vectors. Safe for many threads; every call is native,
 * so those should be platform threads. Must not be closed while a call runs.
 */
interface SentenceModel extends AutoCloseable {

  /** The tokens to run for a text; never none, never more than the model is to read. */
  long[] tokens(String text);

  /** A vector for each text, in order. The texts have the same number of tokens. */
  List<float[]> vectors(List<long[]> texts);

  @Override
  void close();
}
