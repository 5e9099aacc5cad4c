package dev.stoker.worker.engine.openai;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestFactsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"model\":\"a\",\"max_tokens\":7} | {\"model\":\"new\",\"max_tokens\":7}",
        "{ \"x\" : {\"model\":\"b\"}, \"model\" :  \"ü\\\"\" , \"z\":\"é\" } |"
            + " { \"x\" : {\"model\":\"b\"}, \"model\" :  \"new\" , \"z\":\"é\" }",
        "{\"é\":1,\"model\":null} | {\"é\":1,\"model\":\"new\"}",
        "{\"messages\":[]} | {\"messages\":[]}"
      })
  void nothing_changes_but_the_models_name(String body, String changed) {
    byte[] bytes = body.getBytes(UTF_8);
    assertThat(new String(RequestFacts.of(bytes).withModel(bytes, "new"), UTF_8))
        .isEqualTo(changed);
  }

  @Test
  void a_name_is_written_as_json() {
    byte[] bytes = "{\"model\":\"a\"}".getBytes(UTF_8);
    assertThat(new String(RequestFacts.of(bytes).withModel(bytes, "a\"b"), UTF_8))
        .isEqualTo("{\"model\":\"a\\\"b\"}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"max_tokens\":7} | 7",
        "{\"max_completion_tokens\":8} | 8",
        "{\"max_output_tokens\":9} | 9",
        "{\"max_tokens\":7,\"n\":3} | 21",
        "{\"n\":3,\"best_of\":5,\"max_tokens\":2} | 10",
        "{\"max_tokens\":1e99,\"n\":4} | 0",
        "{\"max_tokens\":99999999999999999999} | 1000000000"
      })
  void it_knows_how_many_tokens_may_be_generated(String body, long tokens) {
    assertThat(RequestFacts.of(body.getBytes(UTF_8)).tokensMax().orElse(0)).isEqualTo(tokens);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{}", "{\"max_tokens\":null}", "{\"max_tokens\":[1]}", "[1]", "", "{\"a\":", "7"})
  void of_others_it_knows_nothing(String body) {
    assertThat(RequestFacts.of(body.getBytes(UTF_8)).tokensMax()).isEqualTo(OptionalLong.empty());
  }
}
