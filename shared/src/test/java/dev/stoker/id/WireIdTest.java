package dev.stoker.id;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.file.FileId;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WireIdTest {

  private static final UUID ID = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057");

  @Test
  void an_id_is_its_prefix_and_32_hex_digits() {
    assertThat(new BatchId(ID)).hasToString("batch_01890a5dac96774bbcceb302099a8057");
    assertThat(new FileId(ID)).hasToString("file-01890a5dac96774bbcceb302099a8057");
  }

  @RepeatedTest(50)
  void what_is_printed_is_read_back(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    UUID value = new UUID(random.nextLong(), random.nextLong());
    assertThat(BatchId.parse(new BatchId(value).toString())).contains(new BatchId(value));
    assertThat(FileId.parse(new FileId(value).toString())).contains(new FileId(value));
  }

  @Test
  void leading_zeros_are_kept() {
    UUID small = new UUID(0, 1);
    assertThat(new BatchId(small)).hasToString("batch_" + "0".repeat(31) + "1");
    assertThat(BatchId.parse("batch_" + "0".repeat(31) + "1")).contains(new BatchId(small));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "batch_",
        "batch_01890a5dac96774bbcceb302099a805", // 31 digits
        "batch_01890a5dac96774bbcceb302099a80570", // 33
        "batch_01890A5DAC96774BBCCEB302099A8057",
        "BATCH_01890a5dac96774bbcceb302099a8057",
        "batch-01890a5dac96774bbcceb302099a8057",
        "file-01890a5dac96774bbcceb302099a80577",
        "file-01890a5dac96774bbcceb302099a8057",
        "batch_01890a5dac96774bbcceb302099a805g",
        "batch_+1890a5dac96774bbcceb302099a8057",
        "batch_01890a5dac96774b+cceb302099a8057",
        "batch_-1890a5dac96774bbcceb302099a8057",
        "batch_ 1890a5dac96774bbcceb302099a8057",
        "batch_01890a5d-ac96-774b-bcce-b302099a",
        "batch_\u0661\u0661890a5dac96774bbcceb302099a8057",
        " batch_01890a5dac96774bbcceb302099a8057"
      })
  void no_other_text_is_a_batch_id(String text) {
    assertThat(BatchId.parse(text)).isEmpty();
  }

  @Test
  void an_id_of_another_kind_is_refused() {
    assertThat(FileId.parse(new BatchId(ID).toString())).isEmpty();
    assertThat(BatchId.parse(new FileId(ID).toString())).isEmpty();
  }
}
