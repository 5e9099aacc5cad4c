package dev.stoker.worker.engine.onnx;

import java.nio.FloatBuffer;

/** How the vectors of a text's tokens become the one of the text; a model's card says which way. */
enum Pooling {
  /** Their mean. */
  MEAN {
    @Override
    void add(FloatBuffer states, int tokens, float[] vector) {
      float[] state = new float[vector.length];
      for (int token = 0; token < tokens; token++) {
        states.get(state);
        for (int i = 0; i < vector.length; i++) {
          vector[i] += state[i];
        }
      }
    }
  },
  /** The first, of a token that was put there to stand for the whole text. */
  CLS {
    @Override
    void add(FloatBuffer states, int tokens, float[] vector) {
      states.get(vector).position(states.position() + (tokens - 1) * vector.length);
    }
  };

  private static final float NORM_MIN = 1e-12f;

  /**
   * The vector of the next text, of length one: nothing that only scales it, such as dividing a sum
   * by the number of its terms, would change more than the rounding.
   */
  float[] pool(FloatBuffer states, int tokens, int dimensions) {
    float[] vector = new float[dimensions];
    add(states, tokens, vector);
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    float norm = Math.max((float) Math.sqrt(squares), NORM_MIN);
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= norm;
    }
    return vector;
  }

  /** Consumes the states of one text. The vector is zero and may get any length. */
  abstract void add(FloatBuffer states, int tokens, float[] vector);
}
