package dev.stoker.worker.engine.openai;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.worker.engine.TokenUsage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyFactsTest {

  @Test
  void a_chat_completions_usage_is_read() {
    assertThat(
            ReplyFacts.usage(
                """
                {"id":"c","choices":[{"message":{"content":"hi","usage":{"prompt_tokens":99}}}],
                 "usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12,
                   "prompt_tokens_details":{"cached_tokens":3,"audio_tokens":0},
                   "completion_tokens_details":{"reasoning_tokens":2}}}
                """
                    .getBytes(UTF_8)))
        .contains(new TokenUsage(5, 3, 7, 2));
  }

  @Test
  void a_responses_usage_is_read() {
    assertThat(
            ReplyFacts.usage(
                """
                {"object":"response","usage":{"input_tokens":5,"output_tokens":7,
                  "input_tokens_details":{"cached_tokens":3},
                  "output_tokens_details":{"reasoning_tokens":2}}}
                """
                    .getBytes(UTF_8)))
        .contains(new TokenUsage(5, 3, 7, 2));
  }

  @Test
  void a_reranker_that_names_only_a_total_has_read_as_many() {
    assertThat(ReplyFacts.usage("{\"usage\":{\"total_tokens\":12}}".getBytes(UTF_8)))
        .contains(new TokenUsage(12, 0, 0, 0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"usage\":null}",
        "{\"usage\":[1,{\"a\":2}]}",
        "{\"usage\":{\"prompt_tokens\":null,\"prompt_tokens_details\":null}}",
        "{\"usage\":{\"prompt_tokens\":-4}} \n"
      })
  void an_answer_without_usage_is_whole_nevertheless(String body) {
    assertThat(ReplyFacts.usage(body.getBytes(UTF_8))).contains(TokenUsage.NONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[]", "null", "{\"a\":", "{\"a\":1}}", "{}{}", "<html>", "{\"usage\":{\"p"})
  void what_is_no_whole_object_is_no_answer(String body) {
    assertThat(ReplyFacts.usage(body.getBytes(UTF_8))).isEmpty();
  }
}
