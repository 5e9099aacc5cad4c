package dev.stoker.worker.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class VocabularyTest {

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"b\":7,\"a\":3}}}                       | 8",
        "{\"added_tokens\":[{\"id\":9,\"content\":\"x\"}],\"model\":{\"vocab\":{\"a\":3}}}      | 10",
        "{\"model\":{\"vocab\":{\"a\":3},\"merges\":[[\"a\",\"b\"]]},\"added_tokens\":[{\"id\":1}]} | 4",
        "{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",-1.5],[\"b\",-2]]},\"padding\":null} | 2",
        "{\"normalizer\":{\"vocab\":{\"a\":99}},\"model\":{\"vocab\":{\"a\":3}}}                | 4",
      })
  void it_is_one_more_than_the_highest_id(String json, int size) throws Exception {
    Path file = Files.writeString(directory.resolve("tokenizer.json"), json);

    assertThat(Vocabulary.size(file)).isEqualTo(size);
  }
}
