package dev.stoker.api.files;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.api.error.ApiException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DelimitedInputTest {
  private static final byte[] NOTHING = {};

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 4096, 1 << 20})
  void pieces_come_out_as_they_went_in_however_they_arrive(int chunk) throws IOException {
    Random random = new Random(chunk);
    for (int round = 0; round < 200; round++) {
      String delimiter = text(random, 1 + random.nextInt(6));
      StringBuilder whole = new StringBuilder();
      int pieces = 1 + random.nextInt(5);
      for (int piece = 0; piece < pieces; piece++) {
        whole.append(text(random, random.nextInt(300))).append(delimiter);
      }
      String left = whole.toString();
      DelimitedInput input = of(left, chunk);
      while (left.contains(delimiter)) {
        int end = left.indexOf(delimiter);
        InputStream piece = input.until(bytes(delimiter));
        int part = random.nextBoolean() ? end : random.nextInt(end + 1);
        assertThat(new String(piece.readNBytes(part), ISO_8859_1))
            .isEqualTo(left.substring(0, part));
        if (part == end) {
          assertThat(piece.read()).as("nothing follows before the delimiter").isEqualTo(-1);
        }
        input.skipPast(bytes(delimiter));
        left = left.substring(end + delimiter.length());
      }
    }
  }

  @Test
  void a_delimiter_is_found_across_the_end_of_the_buffer() throws IOException {
    for (int before = (1 << 16) - 8; before < (1 << 16) + 2; before++) {
      DelimitedInput input = of("x".repeat(before) + "\r\n--b--", 1 << 20);
      assertThat(input.until(bytes("\r\n--b")).readAllBytes()).hasSize(before);
    }
  }

  @Test
  void what_comes_next_can_be_looked_at_without_taking_it() throws IOException {
    DelimitedInput input = of("ab;", 1);
    assertThat(input.peek(2)).isEqualTo(bytes("ab"));
    assertThat(input.until(bytes(";")).readAllBytes()).isEqualTo(bytes("ab"));
  }

  @Test
  void input_that_ends_before_the_delimiter_is_a_broken_form() {
    assertThatThrownBy(() -> of("abc;", 2).until(bytes(";;")).readAllBytes())
        .isInstanceOf(ApiException.class);
    assertThatThrownBy(() -> of("a", 2).peek(2)).isInstanceOf(ApiException.class);
  }

  /** Of few letters, so that much looks like the beginning of a delimiter. */
  private static String text(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append("ab-".charAt(random.nextInt(3)));
    }
    return text.toString();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(ISO_8859_1);
  }

  /** Gives at most so many bytes a read, as a network does. */
  private static DelimitedInput of(String text, int chunk) {
    return new DelimitedInput(
        new ByteArrayInputStream(bytes(text)) {
          @Override
          public int read(byte[] into, int offset, int length) {
            return super.read(into, offset, Math.min(chunk, length));
          }
        },
        NOTHING);
  }
}
