package dev.stoker.worker.engine.onnx;

import java.util.List;

/**
 * A loaded model: text to tokens, tokens to vectors. Safe for many threads; calls may be native, so
 * those should be platform threads. Must not be closed while a call runs.
 */
interface SentenceModel extends AutoCloseable {

  /** For people: what it runs on, and why. */
  String device();

  /** How many tokens it knows: their ids are less. */
  int vocabulary();

  /** The length of its vectors. */
  int dimensions();

  /** The tokens to run for a text; never none, never more than the model is to read. */
  long[] tokens(String text);

  /** A vector for each text, in order. The texts have the same number of tokens. */
  List<float[]> vectors(List<long[]> texts);

  @Override
  void close();
}
