package dev.stoker.worker.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The real weights. */
final class MiniLmTest {
  private static final List<String> SENTENCES =
      List.of("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.");

  /** As the documentation of sentence-transformers prints them for {@link #SENTENCES}. */
  private static final float[][] PUBLISHED = {
    {1.0000f, 0.6660f, 0.1046f}, {0.6660f, 1.0000f, 0.1411f}, {0.1046f, 0.1411f, 1.0000f}
  };

  private static Map<String, MiniLm> models;

  @BeforeAll
  static void load() throws Exception {
    models =
        Map.of(
            "all-minilm-l6-v2", load("all-minilm-l6-v2", 256),
            "all-minilm-l6-v2-q", load("all-minilm-l6-v2-q", 256));
  }

  private static MiniLm load(String model, int textTokensMax) throws Exception {
    return MiniLm.load(model, textTokensMax, Path.of("target/engine-cache"), () -> {});
  }

  @AfterAll
  static void close() {
    models.values().forEach(MiniLm::close);
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
    MiniLm model = models.get("all-minilm-l6-v2");
    Random random = new Random(tokens);
    List<long[]> texts = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      texts.add(random.longs(tokens, 1000, MiniLm.VOCABULARY).toArray());
    }

    List<float[]> together = model.vectors(texts);

    for (int i = 0; i < texts.size(); i++) {
      assertThat(model.vectors(List.of(texts.get(i))).getFirst())
          .containsExactly(together.get(i), within(1e-6f));
    }
  }

  @Test
  void vectors_have_length_one() {
    assertThat(alone("all-minilm-l6-v2", "a")).hasSize(MiniLm.DIMENSIONS);
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
    try (MiniLm unlimited = load("all-minilm-l6-v2-q", 1_000_000)) {
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
    try (MiniLm unlimited = load("all-minilm-l6-v2-q", 1_000_000)) {
      assertThat(Arrays.copyOf(models.get("all-minilm-l6-v2").tokens(text), 255))
          .isEqualTo(Arrays.copyOf(unlimited.tokens(text), 255));
    }
  }

  @Test
  void a_long_text_without_blanks_is_tokenized_whole() {
    String text = String.join("", Collections.nCopies(5_000, "a."));

    assertThat(models.get("all-minilm-l6-v2").tokens(text)).hasSize(256);
  }

  private static float[] alone(String name, String text) {
    MiniLm model = models.get(name);
    return model.vectors(List.of(model.tokens(text))).getFirst();
  }

  private static float dot(float[] a, float[] b) {
    float sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
