package dev.stoker.worker.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The real weights. */
final class OnnxModelTest {
  private static final List<String> SENTENCES =
      List.of("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.");

  /** As the documentation of sentence-transformers prints them for {@link #SENTENCES}. */
  private static final float[][] PUBLISHED = {
    {1.0000f, 0.6660f, 0.1046f}, {0.6660f, 1.0000f, 0.1411f}, {0.1046f, 0.1411f, 1.0000f}
  };

  private static final Path CACHE = Path.of("target/engine-cache");

  private static Map<String, OnnxModel> models;

  @TempDir private Path directory;

  @BeforeAll
  static void load() throws Exception {
    models =
        Map.of(
            "all-minilm-l6-v2", load("all-minilm-l6-v2", 256),
            "all-minilm-l6-v2-q", load("all-minilm-l6-v2-q", 256));
  }

  private static OnnxModel load(String model, int textTokensMax) throws Exception {
    return load(
        new ModelSettings(model, Optional.empty(), Pooling.MEAN, Device.AUTO, Optional.empty()),
        textTokensMax);
  }

  private static OnnxModel load(ModelSettings settings, int textTokensMax) throws Exception {
    return ModelLoading.load(settings, textTokensMax, CACHE, () -> {});
  }

  @AfterAll
  static void close() {
    models.values().forEach(OnnxModel::close);
  }

  @ParameterizedTest
  @CsvSource({"all-minilm-l6-v2, 0.0001", "all-minilm-l6-v2-q, 0.03"})
  void similarities_are_the_published_ones(String model, float tolerance) {
    List<float[]> vectors = SENTENCES.stream().map(text -> alone(model, text)).toList();

    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        assertThat(dot(vectors.get(i), vectors.get(j)))
            .as("%s and %s", SENTENCES.get(i), SENTENCES.get(j))
            .isCloseTo(PUBLISHED[i][j], within(tolerance));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 8, 16, 33, 64, 128})
  void a_text_gives_the_same_vector_whatever_it_is_batched_with(int tokens) {
    OnnxModel model = models.get("all-minilm-l6-v2");
    Random random = new Random(tokens);
    List<long[]> texts = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      texts.add(random.longs(tokens, 1000, 30_522).toArray());
    }

    List<float[]> together = model.vectors(texts);

    for (int i = 0; i < texts.size(); i++) {
      assertThat(model.vectors(List.of(texts.get(i))).getFirst())
          .containsExactly(together.get(i), within(1e-6f));
    }
  }

  @Test
  void vectors_have_length_one() {
    assertThat(alone("all-minilm-l6-v2", "a")).hasSize(384);
    assertThat(dot(alone("all-minilm-l6-v2", "a"), alone("all-minilm-l6-v2", "a")))
        .isCloseTo(1f, within(1e-6f));
  }

  @Test
  void a_text_is_enclosed_in_the_two_special_tokens() {
    assertThat(models.get("all-minilm-l6-v2").tokens("Hello, world"))
        .containsExactly(101, 7592, 1010, 2088, 102);
  }

  @ParameterizedTest
  @ValueSource(strings = {" ", "\u0000", "lone \ud83d surrogate", "😀", "\u200b"})
  void odd_characters_are_no_fault(String text) {
    assertThat(models.get("all-minilm-l6-v2").tokens(text)).startsWith(101).endsWith(102);
  }

  @Test
  void a_long_text_keeps_its_first_tokens_and_the_mark_of_the_end() {
    long[] tokens = models.get("all-minilm-l6-v2").tokens("hello ".repeat(300));

    assertThat(tokens)
        .containsExactly(
            LongStream.concat(
                    LongStream.concat(
                        LongStream.of(101), LongStream.generate(() -> 7592).limit(254)),
                    LongStream.of(102))
                .toArray());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void a_cut_text_has_the_first_tokens_of_the_whole(long seed) throws Exception {
    Random random = new Random(seed);
    List<String> words = List.of("hello", "unbelievably", "don't", "3.14", "é", "\n", "中文", "x");
    String text =
        random
            .ints(4_000, 0, words.size())
            .mapToObj(words::get)
            .collect(Collectors.joining(random.nextBoolean() ? " " : "  "));
    try (OnnxModel unlimited = load("all-minilm-l6-v2-q", 1_000_000)) {
      long[] whole = unlimited.tokens(text);

      assertThat(Arrays.copyOf(models.get("all-minilm-l6-v2").tokens(text), 255))
          .isEqualTo(Arrays.copyOf(whole, 255));
    }
  }

  @Test
  void a_cut_splits_no_word() throws Exception {
    // The first look ends after 2048 characters, in the last word; with its half, tokens suffice.
    String text =
        "weather ".repeat(251) + "administration ".repeat(2) + "characteristics " + "b ".repeat(99);
    try (OnnxModel unlimited = load("all-minilm-l6-v2-q", 1_000_000)) {
      assertThat(Arrays.copyOf(models.get("all-minilm-l6-v2").tokens(text), 255))
          .isEqualTo(Arrays.copyOf(unlimited.tokens(text), 255));
    }
  }

  @Test
  void a_long_text_without_blanks_is_tokenized_whole() {
    String text = String.join("", Collections.nCopies(5_000, "a."));

    assertThat(models.get("all-minilm-l6-v2").tokens(text)).hasSize(256);
  }

  @Test
  void a_model_says_how_many_tokens_it_knows_and_how_long_its_vectors_are() {
    OnnxModel model = models.get("all-minilm-l6-v2");

    assertThat(model.vocabulary()).isEqualTo(30_522);
    assertThat(model.dimensions()).isEqualTo(384);
  }

  @Test
  void a_model_from_a_file_gives_what_the_included_one_gives() throws Exception {
    try (OnnxModel model = load(fromFile(Pooling.MEAN, Device.CPU), 256)) {
      assertThat(dot(alone(model, "a text"), alone("all-minilm-l6-v2", "a text")))
          .isCloseTo(1f, within(1e-5f));
    }
  }

  @Test
  void the_first_token_stands_for_the_text_if_the_card_says_so() throws Exception {
    try (OnnxModel model = load(fromFile(Pooling.CLS, Device.CPU), 256)) {
      float[] vector = alone(model, "a text");

      assertThat(dot(vector, vector)).isCloseTo(1f, within(1e-5f));
      // Of one token the mean and the first are the same, so that the mark of the begin, which sees
      // nothing of a text, tells the ways apart.
      assertThat(dot(vector, alone("all-minilm-l6-v2", "a text"))).isLessThan(0.99f);
      long[] other = model.tokens("a book");
      assertThat(model.vectors(List.of(other, model.tokens("a text"))).getLast())
          .containsExactly(vector, within(1e-6f));
      long[] begin = {101};
      assertThat(dot(first(model, begin), first(models.get("all-minilm-l6-v2"), begin)))
          .isCloseTo(1f, within(1e-5f));
    }
  }

  @Test
  void without_a_build_for_cuda_a_model_runs_on_the_processor_and_says_so() {
    assertThat(models.get("all-minilm-l6-v2").device())
        .isEqualTo("CPU (this ONNX Runtime is not built for CUDA)");
  }

  @Test
  void a_gpu_that_is_required_and_cannot_be_used_is_no_reason_to_run_elsewhere() {
    assertThatThrownBy(() -> load(fromFile(Pooling.MEAN, Device.CUDA), 256))
        .hasMessage("STOKER_ONNX_DEVICE=cuda: this ONNX Runtime is not built for CUDA");
  }

  /** As a user has it who downloaded a model: it and its tokenizer in a directory. */
  private ModelSettings fromFile(Pooling pooling, Device device) throws IOException {
    Path file = directory.resolve("model.onnx");
    for (var copy :
        Map.of(".onnx", file, "-tokenizer.json", directory.resolve("tokenizer.json")).entrySet()) {
      try (InputStream resource =
          OnnxModel.class.getResourceAsStream("/all-minilm-l6-v2" + copy.getKey())) {
        Files.copy(resource, copy.getValue());
      }
    }
    return new ModelSettings("mine", Optional.of(file), pooling, device, Optional.empty());
  }

  private static float[] first(OnnxModel model, long[] tokens) {
    return model.vectors(List.of(tokens)).getFirst();
  }

  private static float[] alone(OnnxModel model, String text) {
    return first(model, model.tokens(text));
  }

  private static float[] alone(String name, String text) {
    return alone(models.get(name), text);
  }

  private static float dot(float[] a, float[] b) {
    float sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
