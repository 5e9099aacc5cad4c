package dev.stoker.worker.engine.body;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class EmbeddingsReplyTest {

  @Test
  void vectors_are_listed_as_openai_does() {
    var vectors = List.of(new float[] {0.5f, -1.25f}, new float[] {0f, 1f});

    assertThat(EmbeddingsReply.of("m", vectors, false, 9))
        .asString(UTF_8)
        .isEqualTo(
            """
            {"object":"list","data":[\
            {"object":"embedding","index":0,"embedding":[0.5,-1.25]},\
            {"object":"embedding","index":1,"embedding":[0.0,1.0]}],\
            "model":"m","usage":{"prompt_tokens":9,"total_tokens":9}}""");
  }

  @Test
  void base64_holds_little_endian_floats() {
    var vectors = List.of(new float[] {1f, -2f});

    // Checked with: python3 -c "import struct, base64; base64.b64encode(struct.pack('<2f', 1, -2))"
    assertThat(EmbeddingsReply.of("m", vectors, true, 3))
        .asString(UTF_8)
        .contains("\"embedding\":\"AACAPwAAAMA=\"");
  }

  @Test
  void numbers_read_back_as_the_same_floats() {
    Random random = new Random(7);
    float[] vector = new float[384];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (random.nextGaussian() * Math.pow(10, -random.nextInt(9)));
    }

    String json = new String(EmbeddingsReply.of("m", List.of(vector), false, 3), UTF_8);
    String numbers = json.substring(json.lastIndexOf('[') + 1, json.indexOf(']'));

    assertThat(Arrays.stream(numbers.split(",", -1)).map(Float::parseFloat).toList())
        .containsExactlyElementsOf(
            IntStream.range(0, vector.length).mapToObj(i -> vector[i]).toList());
  }

  @Test
  void an_error_is_openais_envelope() {
    assertThat(ErrorReply.modelNotFound("a\"b").body())
        .asString(UTF_8)
        .isEqualTo(
            """
            {"error":{"message":"The model 'a\\"b' does not exist.",\
            "type":"invalid_request_error","param":"model","code":"model_not_found"}}""");
    assertThat(ErrorReply.notJson().body())
        .asString(UTF_8)
        .endsWith("\"param\":null,\"code\":null}}");
  }
}
