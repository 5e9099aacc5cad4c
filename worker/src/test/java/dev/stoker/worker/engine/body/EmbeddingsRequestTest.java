package dev.stoker.worker.engine.body;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.stoker.worker.engine.body.EmbeddingsRequest.Accepted;
import dev.stoker.worker.engine.body.EmbeddingsRequest.Input;
import dev.stoker.worker.engine.body.EmbeddingsRequest.Refused;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EmbeddingsRequestTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"input\":\"one\"}                                  | one",
        "{\"input\":[\"one\",\"two\"]}                        | one,two",
        "{\"input\":[101,7592,102]}                           | [101, 7592, 102]",
        "{\"input\":[[101,102],[0,30521]]}                    | [101, 102],[0, 30521]",
        "{\"user\":{\"a\":[1]},\"input\":\"one\",\"x\":[[]]}  | one",
        "{\"input\":\"one\",\"dimensions\":384}               | one",
        "{\"input\":\"one\",\"dimensions\":null}              | one",
        "{\"input\":\"a\\u00e9\\ud83d\\ude00\"}               | aé😀",
      })
  void inputs_are_read_in_order(String body, String inputs) {
    assertThat(
            accepted(body).inputs().stream()
                .map(EmbeddingsRequestTest::printed)
                .collect(Collectors.joining(",")))
        .isEqualTo(inputs);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"input\":\"one\"}                                | false",
        "{\"input\":\"one\",\"encoding_format\":null}       | false",
        "{\"input\":\"one\",\"encoding_format\":\"float\"}  | false",
        "{\"encoding_format\":\"base64\",\"input\":\"one\"} | true",
      })
  void vectors_are_floats_unless_base64_is_wanted(String body, boolean base64) {
    assertThat(accepted(body).base64()).isEqualTo(base64);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"input\":null}",
        "{\"input\":7}",
        "{\"input\":{}}",
        "{\"input\":\"\"}",
        "{\"input\":[]}",
        "{\"input\":[\"\"]}",
        "{\"input\":[[]]}",
        "{\"input\":[null]}",
        "{\"input\":[\"one\",7]}",
        "{\"input\":[\"one\",[7]]}",
        "{\"input\":[7,\"one\"]}",
        "{\"input\":[7.5]}",
        "{\"input\":[-1]}",
        "{\"input\":[30522]}",
        "{\"input\":[99999999999999999999]}",
        "{\"input\":[[7,[8]]]}",
        "{\"input\":[[7],8]}",
      })
  void a_wrong_input_is_refused(String body) {
    assertThat(refused(body).param()).contains("input");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"input\":\"one\",\"dimensions\":256}              | dimensions",
        "{\"input\":\"one\",\"dimensions\":\"384\"}          | dimensions",
        "{\"input\":\"one\",\"encoding_format\":\"hex\"}     | encoding_format",
        "{\"input\":\"one\",\"encoding_format\":[\"float\"]} | encoding_format",
      })
  void an_option_the_model_does_not_have_is_refused_by_name(String body, String param) {
    assertThat(refused(body).param()).contains(param);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "7", "{\"input\":\"one\"", "{\"input\":[\"one\"", "{input}"})
  void what_is_not_a_json_object_is_refused(String body) {
    assertThat(refused(body)).isEqualTo(ErrorReply.notJson());
  }

  @Test
  void as_many_inputs_as_openai_takes_and_no_more() {
    assertThat(accepted(bodyOfInputs(2048)).inputs()).hasSize(2048);
    assertThat(refused(bodyOfInputs(2049)).message()).contains("more than 2048");
  }

  private static String bodyOfInputs(int count) {
    return "{\"input\":[" + String.join(",", Collections.nCopies(count, "\"a\"")) + "]}";
  }

  private static String printed(Input input) {
    return switch (input) {
      case Input.Text(String text) -> text;
      case Input.Tokens(long[] ids) -> Arrays.toString(ids);
    };
  }

  private static Accepted accepted(String body) {
    return switch (parse(body)) {
      case Accepted accepted -> accepted;
      case Refused refused -> fail(refused.toString());
    };
  }

  private static ErrorReply refused(String body) {
    return switch (parse(body)) {
      case Accepted accepted -> fail(accepted.toString());
      case Refused(ErrorReply error) -> {
        assertThat(List.of(error.status(), error.type()))
            .isEqualTo(List.of(400, "invalid_request_error"));
        yield error;
      }
    };
  }

  private static EmbeddingsRequest parse(String body) {
    return EmbeddingsRequest.parse(body.getBytes(UTF_8), 30_522, 384);
  }
}
