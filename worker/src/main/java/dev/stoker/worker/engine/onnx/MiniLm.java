package dev.stoker.worker.engine.onnx;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * all-MiniLM-L6-v2 as its card describes it: the mean of the token vectors, scaled to length one.
 */
final class MiniLm implements SentenceModel {
  static final int DIMENSIONS = 384;
  static final int VOCABULARY = 30_522;

  /** A word rarely has more characters a token, so that a first look at a long text suffices. */
  private static final int CHARACTERS_PER_TOKEN = 8;

  private static final float NORM_MIN = 1e-12f;

  private static final String PLAIN = "model.onnx";
  private static final String OPTIMIZED = "model.ort";
  private static final String VOCABULARY_FILE = "tokenizer.json";
  private static final String ORT_LIBRARIES = "ai/onnxruntime/native/linux-x64/";

  private final OrtEnvironment environment;

  /** Kept, since the session reads the weights where they lie. */
  @SuppressWarnings({"FieldCanBeLocal", "unused", "UnusedVariable"})
  private final ByteBuffer weights;

  private final OrtSession session;
  private final HuggingFaceTokenizer tokenizer;
  private final int textTokensMax;

  private MiniLm(
      OrtEnvironment environment,
      ByteBuffer weights,
      OrtSession session,
      HuggingFaceTokenizer tokenizer,
      int textTokensMax) {
    this.environment = environment;
    this.weights = weights;
    this.session = session;
    this.tokenizer = tokenizer;
    this.textTokensMax = textTokensMax;
  }

  /**
   * Loads a model; its tokenizer beside it.
   *
   * @param cache where it and its libraries are unpacked, once for all starts
   * @param step told whenever a part of the work is done
   */
  static MiniLm load(String model, int textTokensMax, Path cache, Runnable step)
      throws IOException, OrtException, InterruptedException, ExecutionException {
    Path files =
        EngineFiles.open(cache.toAbsolutePath(), model, resources(model), MiniLm::optimize);
    step.run();
    FutureTask<HuggingFaceTokenizer> tokenizer = new FutureTask<>(() -> tokenizer(files));
    Thread.ofPlatform().daemon().name("onnx-load-tokenizer").start(tokenizer);
    OrtEnvironment environment = environment(files);
    ByteBuffer weights = EngineFiles.mapped(files.resolve(OPTIMIZED));
    OrtSession session = session(environment, weights);
    step.run();
    return new MiniLm(environment, weights, session, tokenizer.get(), textTokensMax);
  }

  private static Map<String, String> resources(String model) {
    return Map.of(
        PLAIN,
        model + ".onnx",
        VOCABULARY_FILE,
        model + "-tokenizer.json",
        "libonnxruntime.so",
        ORT_LIBRARIES + "libonnxruntime.so",
        "libonnxruntime4j_jni.so",
        ORT_LIBRARIES + "libonnxruntime4j_jni.so",
        "libtokenizers.so",
        "native/lib/linux-x86_64/cpu/libtokenizers.so");
  }

  /**
   * Does once what every start would do again: the model's graph is fused and written down in the
   * form that can be run from where it lies. Not with what is best for this very processor, as the
   * files may be found by another.
   */
  private static void optimize(Path files) throws IOException {
    try (var options = options()) {
      options.setOptimizationLevel(OptLevel.EXTENDED_OPT);
      options.setOptimizedModelFilePath(files.resolve(OPTIMIZED).toString());
      options.addConfigEntry("session.save_model_format", "ORT");
      environment(files).createSession(files.resolve(PLAIN).toString(), options).close();
    } catch (OrtException e) {
      throw new IOException("The model cannot be optimized: " + e.getMessage(), e);
    }
    Files.delete(files.resolve(PLAIN));
  }

  private static HuggingFaceTokenizer tokenizer(Path files) throws IOException {
    // Otherwise the library looks for a GPU build of itself to download, and calls home.
    System.setProperty("RUST_FLAVOR", "cpu");
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("RUST_LIBRARY_PATH", files.resolve("libtokenizers.so").toString());
    try (InputStream json = Files.newInputStream(files.resolve(VOCABULARY_FILE))) {
      // The file asks for 128 tokens, padded; the model reads 256 and batches need no padding.
      return HuggingFaceTokenizer.newInstance(
          json, Map.of("padding", "false", "truncation", "false"));
    }
  }

  /** The first call decides where the libraries are from. */
  private static OrtEnvironment environment(Path files) {
    System.setProperty("onnxruntime.native.path", files.toString());
    return OrtEnvironment.getEnvironment();
  }

  private static OrtSession session(OrtEnvironment environment, ByteBuffer weights)
      throws OrtException {
    try (var options = options()) {
      options.setOptimizationLevel(OptLevel.NO_OPT); // it has been done
      options.addConfigEntry("session.use_ort_model_bytes_directly", "1");
      options.addConfigEntry("session.use_ort_model_bytes_for_initializers", "1");
      return environment.createSession(weights, options);
    }
  }

  private static OrtSession.SessionOptions options() throws OrtException {
    var options = new OrtSession.SessionOptions();
    // The callers are as many as the cores: threads inside a call would fight with them.
    options.setIntraOpNumThreads(1);
    options.setInterOpNumThreads(1);
    return options;
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
