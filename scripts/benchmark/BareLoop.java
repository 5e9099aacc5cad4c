import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * What one would write around ONNX Runtime if nothing but speed counted: all texts are known, cut
 * into tokens, sorted by length, and run in batches of one length, the longest first. Nothing is
 * read, written or stored.
 */
final class BareLoop implements AutoCloseable {

  /**
   * How much runs together.
   *
   * @param texts at most so many texts
   * @param tokens of at most so many tokens in all, unless one text has more
   */
  record BatchSize(int texts, int tokens) {
    int of(int length) {
      return Math.clamp(tokens / length, 1, texts);
    }
  }

  private static final int TEXT_TOKENS_MAX = 256;

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private final HuggingFaceTokenizer tokenizer;
  private final int threads;

  BareLoop(String model, int threads) throws Exception {
    this.threads = threads;
    System.setProperty("RUST_FLAVOR", "cpu");
    System.setProperty("ai.djl.offline", "true");
    try (InputStream weights = resource(model + ".onnx");
        InputStream vocabulary = resource(model + "-tokenizer.json");
        SessionOptions options = new SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setOptimizationLevel(OptLevel.ALL_OPT);
      session = environment.createSession(weights.readAllBytes(), options);
      tokenizer =
          HuggingFaceTokenizer.newInstance(
              vocabulary,
              Map.of("padding", "false", "truncation", "true", "maxLength", "" + TEXT_TOKENS_MAX));
    }
  }

  private static InputStream resource(String name) {
    return BareLoop.class.getResourceAsStream("/" + name);
  }

  /** The vectors of the texts, in their order. */
  float[][] run(List<String> texts, BatchSize size) throws InterruptedException {
    long[][] tokens = new long[texts.size()][];
    onEveryThread(texts.size(), i -> tokens[i] = tokenizer.encode(texts.get(i)).getIds());
    List<int[]> batches = batches(tokens, size);
    float[][] vectors = new float[texts.size()][];
    onEveryThread(batches.size(), i -> embed(batches.get(i), tokens, vectors));
    return vectors;
  }

  private static List<int[]> batches(long[][] tokens, BatchSize size) {
    Map<Integer, List<Integer>> byLength = new TreeMap<>(Comparator.reverseOrder());
    for (int i = 0; i < tokens.length; i++) {
      byLength.computeIfAbsent(tokens[i].length, _ -> new ArrayList<>()).add(i);
    }
    List<int[]> batches = new ArrayList<>();
    byLength.forEach(
        (length, texts) -> {
          int[] all = texts.stream().mapToInt(Integer::intValue).toArray();
          for (int from = 0; from < all.length; from += size.of(length)) {
            int to = Math.min(all.length, from + size.of(length));
            batches.add(Arrays.copyOfRange(all, from, to));
          }
        });
    return batches;
  }

  private void onEveryThread(int count, IntConsumer work) throws InterruptedException {
    AtomicInteger next = new AtomicInteger();
    List<Thread> running = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      running.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int at = next.getAndIncrement(); at < count; at = next.getAndIncrement()) {
                      work.accept(at);
                    }
                  }));
    }
    for (Thread thread : running) {
      thread.join();
    }
  }

  private void embed(int[] batch, long[][] tokens, float[][] vectors) {
    int length = tokens[batch[0]].length;
    long[] shape = {batch.length, length};
    long[] ids = new long[batch.length * length];
    for (int i = 0; i < batch.length; i++) {
      System.arraycopy(tokens[batch[i]], 0, ids, i * length, length);
    }
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    try (OnnxTensor words = tensor(ids, shape);
        OnnxTensor ones = tensor(mask, shape);
        OnnxTensor types = tensor(new long[ids.length], shape);
        OrtSession.Result result =
            session.run(
                Map.of("input_ids", words, "attention_mask", ones, "token_type_ids", types))) {
      FloatBuffer states = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] state = new float[states.remaining() / ids.length];
      for (int text : batch) {
        vectors[text] = mean(states, state, length);
      }
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private OnnxTensor tensor(long[] values, long[] shape) throws OrtException {
    return OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape);
  }

  /** The mean of the next states, scaled to length one. */
  private static float[] mean(FloatBuffer states, float[] state, int length) {
    float[] sum = new float[state.length];
    for (int token = 0; token < length; token++) {
      states.get(state);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += state[i];
      }
    }
    double squares = 0;
    for (float value : sum) {
      squares += value * value;
    }
    float norm = (float) Math.sqrt(squares);
    for (int i = 0; i < sum.length; i++) {
      sum[i] /= norm;
    }
    return sum;
  }

  @Override
  public void close() throws OrtException {
    session.close();
    tokenizer.close();
  }
}
