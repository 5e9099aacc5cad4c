package dev.stoker.engine.mock;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

class MockAnswersTest {
  private static final String CHAT = "/v1/chat/completions";

  @Test
  void one_byte_of_difference_in_the_request_makes_another_answer() {
    assertThat(answer(CHAT, "{\"model\":\"m\",\"messages\":[]}"))
        .isEqualTo(answer(CHAT, "{\"model\":\"m\",\"messages\":[]}"))
        .isNotEqualTo(answer(CHAT, "{\"model\":\"m\", \"messages\":[]}"));
  }

  @Test
  void the_usage_is_what_was_said_and_what_was_asked() {
    String answer =
        answer(
            CHAT,
            """
            {"model":"m","messages":[{"content":"12345678"},{"content":[{"text":"123"}]}],"n":2}""");

    List<String> contents = all(answer, "\"content\":\"((?:[^\"\\\\]|\\\\.)*)\"");
    int said = contents.stream().mapToInt(text -> text.split(" ", -1).length).sum();
    assertThat(contents).hasSize(2);
    assertThat(number(answer, "completion_tokens")).isEqualTo(said);
    assertThat(number(answer, "prompt_tokens")).isEqualTo(3);
    assertThat(number(answer, "total_tokens")).isEqualTo(said + 3);
  }

  @Test
  void max_tokens_cuts_an_answer_and_the_answer_says_so() {
    String whole = answer(CHAT, "{\"model\":\"m\"}");
    String cut = answer(CHAT, "{\"model\":\"m\",\"max_tokens\":7}");
    String filled = answer(CHAT, "{\"model\":\"m\",\"max_tokens\":500,\"ignore_eos\":true}");

    assertThat(whole).contains("\"finish_reason\":\"stop\"");
    assertThat(number(whole, "completion_tokens")).isBetween(20, 120);
    assertThat(cut).contains("\"finish_reason\":\"length\"");
    assertThat(number(cut, "completion_tokens")).isEqualTo(7);
    assertThat(filled).contains("\"finish_reason\":\"length\"");
    assertThat(number(filled, "completion_tokens")).isEqualTo(500);
  }

  @Test
  void lengths_are_spread_over_their_range() {
    TokenRange range = new TokenRange(3, 5);
    List<Integer> lengths = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      byte[] body = "{\"model\":\"m\",\"seed\":%d}".formatted(i).getBytes(UTF_8);
      lengths.add(
          number(new String(MockAnswers.of(CHAT, body, range), UTF_8), "completion_tokens"));
    }

    assertThat(lengths).contains(3, 4, 5).allMatch(length -> length >= 3 && length <= 5);
  }

  @Test
  void an_embedding_has_length_one_and_as_many_dimensions_as_asked_for_in_both_formats() {
    String decimals =
        answer("/v1/embeddings", "{\"model\":\"m\",\"input\":\"a\",\"dimensions\":8}");
    double[] vector =
        Arrays.stream(all(decimals, "\"embedding\":\\[([^\\]]*)\\]").getFirst().split(",", -1))
            .mapToDouble(Double::parseDouble)
            .toArray();
    String base64 =
        answer(
            "/v1/embeddings",
            "{\"model\":\"m\",\"input\":\"a\",\"encoding_format\":\"base64\",\"dimensions\":8}");
    ByteBuffer bytes =
        ByteBuffer.wrap(
                Base64.getDecoder().decode(all(base64, "\"embedding\":\"([^\"]*)\"").getFirst()))
            .order(ByteOrder.LITTLE_ENDIAN);

    assertThat(vector).hasSize(8);
    assertThat(Math.sqrt(Arrays.stream(vector).map(x -> x * x).sum())).isBetween(0.9999, 1.0001);
    assertThat(bytes.remaining()).isEqualTo(8 * Float.BYTES);
  }

  @Test
  void each_input_has_its_own_embedding_and_a_list_of_tokens_is_one_input() {
    assertThat(all(answer("/v1/embeddings", "{\"input\":[\"a\",\"b\"]}"), "\"index\":(\\d+)"))
        .containsExactly("0", "1");
    assertThat(all(answer("/v1/embeddings", "{\"input\":[[1,2],[3]]}"), "\"index\":(\\d+)"))
        .containsExactly("0", "1");
    String tokens = answer("/v1/embeddings", "{\"input\":[17,4,2]}");
    assertThat(all(tokens, "\"index\":(\\d+)")).containsExactly("0");
    assertThat(number(tokens, "prompt_tokens")).isEqualTo(3);
  }

  @Test
  void reranked_documents_come_best_first_and_no_more_than_asked_for() {
    String answer =
        answer(
            "/v1/rerank", "{\"query\":\"q\",\"documents\":[\"a\",\"b\",\"c\",\"d\"],\"top_n\":3}");

    List<String> scores = all(answer, "\"relevance_score\":([0-9.]+)");
    assertThat(scores).hasSize(3).isSortedAccordingTo((a, b) -> b.compareTo(a));
  }

  @Test
  void every_answer_is_json() {
    for (MockEndpoint endpoint : MockEndpoint.values()) {
      for (int i = 0; i < 20; i++) {
        byte[] body = "{\"model\":\"\\\"m\\\"\",\"input\":\"%d\"}".formatted(i).getBytes(UTF_8);
        byte[] answer = MockAnswers.of(endpoint.path(), body);
        try (JsonParser parser =
            new JsonFactory().createParser(ObjectReadContext.empty(), answer)) {
          while (parser.nextToken() != null) {
            assertThat(parser.currentToken()).isNotNull();
          }
        }
      }
    }
  }

  @Test
  void what_is_no_request_has_no_answer() {
    for (String body : List.of("", "[]", "{", "{}{}", "{\"model\":}")) {
      assertThatThrownBy(() -> MockAnswers.of(CHAT, body.getBytes(UTF_8)))
          .as(body)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> MockAnswers.of("/v1/images", "{}".getBytes(UTF_8)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static String answer(String endpoint, String body) {
    return new String(MockAnswers.of(endpoint, body.getBytes(UTF_8)), UTF_8);
  }

  private static int number(String answer, String field) {
    return Integer.parseInt(all(answer, "\"" + field + "\":(\\d+)").getFirst());
  }

  private static List<String> all(String text, String pattern) {
    return Pattern.compile(pattern).matcher(text).results().map(found -> found.group(1)).toList();
  }
}
