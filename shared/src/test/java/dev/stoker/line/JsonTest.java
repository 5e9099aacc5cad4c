package dev.stoker.line;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``        | ""
          plain     | "plain"
          a"b       | "a\\"b"
          a\\b      | "a\\\\b"
          grüße 😀  | "grüße 😀"
          a/b       | "a/b"
          """)
  void a_text_is_quoted(String text, String json) {
    assertThat(Json.quote(text)).isEqualTo(json);
  }

  @Test
  void control_characters_are_escaped() {
    assertThat(Json.quote("a\nb\tc\rd\0e\u001f")).isEqualTo("\"a\\nb\\tc\\rd\\u0000e\\u001F\"");
  }

  @Test
  void an_error_has_all_four_keys() {
    assertThat(Json.error("say \"no\"", "invalid_request_error", "model", "model_not_found"))
        .isEqualTo(
            """
            {"error":{"message":"say \\"no\\"","type":"invalid_request_error","param":"model",\
            "code":"model_not_found"}}""");
  }

  @Test
  void an_error_without_param_and_code_says_null() {
    assertThat(Json.error("", "server_error", "", ""))
        .isEqualTo(
            """
            {"error":{"message":"","type":"server_error","param":null,"code":null}}""");
  }
}
