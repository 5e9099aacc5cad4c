package dev.stoker.line;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ResultLineTest {

  private static final BatchId BATCH =
      new BatchId(UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057"));

  @Test
  void an_answer_is_wrapped_byte_for_byte() {
    assertThat(answered(1, "\"a\"", 200, "{\"object\":\"list\",\"x\": 1.50}"))
        .isEqualTo(
            """
            {"id":"batch_req_01890a5dac96774bbcceb302099a805700000001","custom_id":"a",\
            "response":{"status_code":200,\
            "request_id":"req_01890a5dac96774bbcceb302099a805700000001",\
            "body":{"object":"list","x": 1.50}},"error":null}""");
  }

  @Test
  void a_refusal_of_the_engine_is_a_response_too() {
    String body = Json.error("too long", "invalid_request_error", "input", "context_length");
    assertThat(answered(50_000, "\"a\"", 400, body))
        .isEqualTo(
            """
            {"id":"batch_req_01890a5dac96774bbcceb302099a80570000c350","custom_id":"a",\
            "response":{"status_code":400,\
            "request_id":"req_01890a5dac96774bbcceb302099a80570000c350",\
            "body":{"error":{"message":"too long","type":"invalid_request_error","param":"input",\
            "code":"context_length"}}},"error":null}""");
  }

  @Test
  void a_request_without_an_answer_says_why() {
    String why = "This request could not be executed before the completion window expired.";
    assertThat(new String(ResultLine.unanswered(BATCH, 256, "\"a\"", "batch_expired", why), UTF_8))
        .isEqualTo(
            """
            {"id":"batch_req_01890a5dac96774bbcceb302099a805700000100","custom_id":"a",\
            "response":null,"error":{"code":"batch_expired","message":"This request could not be \
            executed before the completion window expired."}}""");
  }

  @Test
  void line_breaks_of_a_body_become_spaces() {
    assertThat(answered(1, "\"a\"", 200, "{\r\n \"x\":\n1\r}"))
        .contains("\"body\":{   \"x\": 1 }}")
        .doesNotContain("\n", "\r");
  }

  @Test
  void a_body_keeps_its_characters() {
    assertThat(answered(1, "\"a\"", 200, "{\"x\":\"grüße 😀 \\n \\u2028\"}"))
        .contains("\"body\":{\"x\":\"grüße 😀 \\n \\u2028\"}}");
  }

  @Test
  void a_custom_id_comes_back_as_it_was_written() {
    assertThat(answered(1, "\"\\u0061\\\"ü\\/\"", 200, "{}"))
        .contains("\"custom_id\":\"\\u0061\\\"ü\\/\",\"response\"");
  }

  @Test
  void a_message_is_quoted() {
    assertThat(new String(ResultLine.unanswered(BATCH, 1, "\"a\"", "c", "say \"no\"\n"), UTF_8))
        .endsWith("\"error\":{\"code\":\"c\",\"message\":\"say \\\"no\\\"\\n\"}}");
  }

  private static String answered(int line, String customIdJson, int status, String body) {
    return new String(
        ResultLine.answered(BATCH, line, customIdJson, status, body.getBytes(UTF_8)), UTF_8);
  }
}
