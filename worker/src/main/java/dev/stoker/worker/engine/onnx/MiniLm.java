package dev.stoker.worker.engine.onnx;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * all-MiniLM-L6-v2 as its card describes it: the mean of the token vectors, scaled to length one.
 */
final class MiniLm implements SentenceModel {
  static final int DIMENSIONS = 384;
  static final int VOCABULARY = 30_522;

  /** A word rarely has more characters a token, so that a first look at a long text suffices. */
  private static final int CHARACTERS_PER_TOKEN = 8;

  private static final float NORM_MIN = 1e-12f;

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final HuggingFaceTokenizer tokenizer;
  private final int textTokensMax;

  private MiniLm(
      OrtEnvironment environment,
      OrtSession session,
      HuggingFaceTokenizer tokenizer,
      int textTokensMax) {
    this.environment = environment;
    this.session = session;
    this.tokenizer = tokenizer;
    this.textTokensMax = textTokensMax;
  }

  /** Loads a model from the class path. */
  static MiniLm load(String model, int textTokensMax) throws IOException, OrtException {
    HuggingFaceTokenizer tokenizer = tokenizer(model);
    try {
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      return new MiniLm(environment, session(environment, model), tokenizer, textTokensMax);
    } catch (IOException | OrtException | RuntimeException | Error e) {
      tokenizer.close();
      throw e;
    }
  }

  private static HuggingFaceTokenizer tokenizer(String model) throws IOException {
    // Otherwise the library looks for a GPU build of itself to download, and calls home.
    System.setProperty("RUST_FLAVOR", "cpu");
    System.setProperty("ai.djl.offline", "true");
    try (InputStream json = resource(model + "-tokenizer.json")) {
      // The file asks for 128 tokens, padded; the model reads 256 and batches need no padding.
      return HuggingFaceTokenizer.newInstance(
          json, Map.of("padding", "false", "truncation", "false"));
    }
  }

  private static OrtSession session(OrtEnvironment environment, String model)
      throws IOException, OrtException {
    try (InputStream onnx = resource(model + ".onnx");
        var options = new OrtSession.SessionOptions()) {
      // The callers are as many as the cores: threads inside a call would fight with them.
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      return environment.createSession(onnx.readAllBytes(), options);
    }
  }

  private static InputStream resource(String name) throws FileNotFoundException {
    InputStream stream = MiniLm.class.getResourceAsStream("/" + name);
    if (stream == null) {
      throw new FileNotFoundException(name + " is not on the class path");
    }
    return stream;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Of a long text only as much is tokenized as the model reads, which saves more than the model
   * costs. Cut before a blank, a text's tokens are the first tokens of the whole.
   */
  @Override
  public long[] tokens(String text) {
    for (long reach = (long) CHARACTERS_PER_TOKEN * textTokensMax;
        reach < text.length();
        reach *= 4) {
      int blank = Math.max(text.lastIndexOf(' ', (int) reach), text.lastIndexOf('\n', (int) reach));
      long[] ids = blank > 0 ? encode(text.substring(0, blank)) : new long[0];
      if (ids.length >= textTokensMax) {
        return truncated(ids);
      }
    }
    return truncated(encode(text));
  }

  private long[] encode(String text) {
    return tokenizer.encode(text, true, false).getIds();
  }

  /** Keeps the first tokens and the last, which is the mark of the end. */
  private long[] truncated(long[] ids) {
    if (ids.length <= textTokensMax) {
      return ids;
    }
    long[] kept = Arrays.copyOf(ids, textTokensMax);
    kept[textTokensMax - 1] = ids[ids.length - 1];
    return kept;
  }

  @Override
  public List<float[]> vectors(List<long[]> texts) {
    int length = texts.getFirst().length;
    long[] shape = {texts.size(), length};
    long[] ones = new long[texts.size() * length];
    Arrays.fill(ones, 1);
    try (OnnxTensor ids = tensor(concatenated(texts, length), shape);
        OnnxTensor mask = tensor(ones, shape);
        OnnxTensor types = tensor(new long[ones.length], shape);
        OrtSession.Result result =
            session.run(
                Map.of("input_ids", ids, "attention_mask", mask, "token_type_ids", types))) {
      FloatBuffer states = ((OnnxTensor) result.get(0)).getFloatBuffer();
      return pooled(states, texts.size(), length);
    } catch (OrtException e) {
      throw new IllegalStateException("The model could not be run: " + e.getMessage(), e);
    }
  }

  private OnnxTensor tensor(long[] values, long[] shape) throws OrtException {
    return OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape);
  }

  private static long[] concatenated(List<long[]> texts, int length) {
    long[] all = new long[texts.size() * length];
    for (int text = 0; text < texts.size(); text++) {
      System.arraycopy(texts.get(text), 0, all, text * length, length);
    }
    return all;
  }

  private static List<float[]> pooled(FloatBuffer states, int texts, int length) {
    List<float[]> vectors = new ArrayList<>(texts);
    float[] state = new float[DIMENSIONS];
    for (int text = 0; text < texts; text++) {
      float[] sum = new float[DIMENSIONS];
      for (int token = 0; token < length; token++) {
        states.get(state);
        for (int i = 0; i < DIMENSIONS; i++) {
          sum[i] += state[i];
        }
      }
      vectors.add(scaledToOne(sum));
    }
    return vectors;
  }

  /** Dividing by the number of tokens first would change nothing but the rounding. */
  private static float[] scaledToOne(float[] vector) {
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

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    } finally {
      tokenizer.close();
    }
  }
}
