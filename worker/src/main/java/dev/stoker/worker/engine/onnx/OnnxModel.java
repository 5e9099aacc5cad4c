package dev.stoker.worker.engine.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A transformer in ONNX Runtime that gives a vector for each token of a text, and its tokenizer.
 */
final class OnnxModel implements SentenceModel {
  private static final String IDS = "input_ids";
  private static final String MASK = "attention_mask";
  private static final String TYPES = "token_type_ids";
  private static final Set<String> INPUTS = Set.of(IDS, MASK, TYPES);

  /** What a model gives: a number of texts, of tokens, of dimensions. */
  private static final int STATES_RANK = 3;

  private final OpenSession session;
  private final TextTokenizer tokenizer;
  private final Pooling pooling;
  private final Set<String> inputs;
  private final String output;
  private final int dimensions;

  /** Owns both from now on. */
  OnnxModel(OpenSession session, TextTokenizer tokenizer, Pooling pooling) throws OrtException {
    this.session = session;
    this.tokenizer = tokenizer;
    this.pooling = pooling;
    this.inputs = session.session().getInputNames();
    if (!inputs.contains(IDS) || !INPUTS.containsAll(inputs)) {
      throw new IllegalArgumentException("no model of sentences takes " + inputs);
    }
    NodeInfo states =
        session.session().getOutputInfo().values().stream()
            .filter(info -> shape(info).length == STATES_RANK)
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("it gives no vectors of tokens"));
    this.output = states.getName();
    this.dimensions = (int) shape(states)[STATES_RANK - 1];
    if (dimensions < 1) {
      throw new IllegalArgumentException("it does not say how long its vectors are");
    }
  }

  private static long[] shape(NodeInfo output) {
    return output.getInfo() instanceof TensorInfo tensor ? tensor.getShape() : new long[0];
  }

  @Override
  public String device() {
    return session.device();
  }

  @Override
  public int vocabulary() {
    return tokenizer.vocabulary();
  }

  @Override
  public int dimensions() {
    return dimensions;
  }

  @Override
  public long[] tokens(String text) {
    return tokenizer.tokens(text);
  }

  @Override
  public List<float[]> vectors(List<long[]> texts) {
    int length = texts.getFirst().length;
    long[] shape = {texts.size(), length};
    Map<String, OnnxTensor> given = new LinkedHashMap<>();
    try {
      for (String input : inputs) {
        given.put(input, tensor(values(input, texts, length), shape));
      }
      try (OrtSession.Result result = session.session().run(given, Set.of(output))) {
        return pooled(((OnnxTensor) result.get(0)).getFloatBuffer(), texts.size(), length);
      }
    } catch (OrtException e) {
      throw new IllegalStateException("The model could not be run: " + e.getMessage(), e);
    } finally {
      given.values().forEach(OnnxTensor::close);
    }
  }

  /** All texts have one length, so that nothing is masked; and each stands alone. */
  private static long[] values(String input, List<long[]> texts, int length) {
    long[] values = new long[texts.size() * length];
    switch (input) {
      case IDS -> {
        for (int text = 0; text < texts.size(); text++) {
          System.arraycopy(texts.get(text), 0, values, text * length, length);
        }
      }
      case MASK -> Arrays.fill(values, 1);
      default -> {} // the types of a first text are zeros
    }
    return values;
  }

  private static OnnxTensor tensor(long[] values, long[] shape) throws OrtException {
    return OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), LongBuffer.wrap(values), shape);
  }

  private List<float[]> pooled(FloatBuffer states, int texts, int length) {
    List<float[]> vectors = new ArrayList<>(texts);
    for (int text = 0; text < texts; text++) {
      vectors.add(pooling.pool(states, length, dimensions));
    }
    return vectors;
  }

  @Override
  public void close() {
    try {
      session.session().close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    } finally {
      tokenizer.close();
    }
  }
}
