package dev.stoker.line;

import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

class LineCheckTest {

  private static final String VALID =
      """
      {"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"x"}}""";

  private final LineCheck check = new LineCheck();

  @Test
  void a_valid_line_is_taken_apart() {
    assertThat(request(VALID))
        .isEqualTo(new RequestLine("a", "\"a\"", "/v1/embeddings", "m", 0, 63, 25));
    assertThat(body(VALID)).isEqualTo("{\"model\":\"m\",\"input\":\"x\"}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"method":"POST","url":"/v1/x","body":{"model":"m"}}                                   | missing_required_parameter | custom_id
          {"custom_id":null,"method":"POST","url":"/v1/x","body":{"model":"m"}}                  | missing_required_parameter | custom_id
          {"custom_id":"a","url":"/v1/x","body":{"model":"m"}}                                   | missing_required_parameter | method
          {"custom_id":"a","method":"POST","body":{"model":"m"}}                                 | missing_required_parameter | url
          {"custom_id":"a","method":"POST","url":"/v1/x"}                                        | missing_required_parameter | body
          {}                                                                                     | missing_required_parameter | custom_id
          {"custom_id":1,"method":"POST","url":"/v1/x","body":{"model":"m"}}                     | invalid_type               | custom_id
          {"custom_id":["a"],"method":"POST","url":"/v1/x","body":{"model":"m"}}                 | invalid_type               | custom_id
          {"custom_id":{"a":[1]},"method":"POST","url":"/v1/x","body":{"model":"m"}}             | invalid_type               | custom_id
          {"custom_id":"a","method":true,"url":"/v1/x","body":{"model":"m"}}                     | invalid_type               | method
          {"custom_id":"a","method":"GET","url":"/v1/x","body":{"model":"m"}}                    | invalid_value              | method
          {"custom_id":"a","method":"post","url":"/v1/x","body":{"model":"m"}}                   | invalid_value              | method
          {"custom_id":"a","method":"POST","url":7,"body":{"model":"m"}}                         | invalid_type               | url
          {"custom_id":"a","method":"POST","url":"/v1/x","body":null}                            | invalid_type               | body
          {"custom_id":"a","method":"POST","url":"/v1/x","body":"{}"}                            | invalid_type               | body
          {"custom_id":"a","method":"POST","url":"/v1/x","body":[{"model":"m"}]}                 | invalid_type               | body
          {"custom_id":"a","method":"POST","url":"/v1/x","body":{}}                              | invalid_request            | body.model
          {"custom_id":"a","method":"POST","url":"/v1/x","body":{"model":null}}                  | invalid_request            | body.model
          {"custom_id":"a","method":"POST","url":"/v1/x","body":{"model":""}}                    | invalid_request            | body.model
          {"custom_id":"a","method":"POST","url":"/v1/x","body":{"model":"m","stream":true}}     | streaming_unsupported      | body.stream
          {"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"m"}}    | invalid_request            | body.messages
          {"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"m"}}          | invalid_request            | body.input
          {"custom_id":"a","method":"POST","url":"/v1/responses","body":{"model":"m"}}           | invalid_request            | body.input
          {"custom_id":"a","method":"POST","url":"/v1/completions","body":{"model":"m"}}         | invalid_request            | body.prompt
          {"custom_id":"a\\u0000","method":"POST","url":"/v1/x","body":{"model":"m"}}            | invalid_value              | custom_id
          {"custom_id":"a","method":"POST","url":"/v1/x","body":{"model":"m\\u0000"}}            | invalid_value              | body.model
          """)
  void a_line_with_a_fault_is_refused_and_the_fault_is_named(
      String line, String code, String param) {
    LineFault fault = fault(line);
    assertThat(fault.code()).isEqualTo(code);
    assertThat(fault.param()).isEqualTo(param);
    assertThat(fault.message()).isNotEmpty();
  }

  @Test
  void faults_speak_as_openai_does() {
    assertThat(fault("nonsense"))
        .isEqualTo(
            new LineFault("invalid_json_line", "This line is not parseable as valid JSON.", ""));
    assertThat(fault("{}").message()).isEqualTo("Missing required parameter: 'custom_id'.");
    assertThat(fault(VALID.replace("POST", "PUT")).message())
        .isEqualTo("Invalid value: 'PUT'. Supported values are: 'POST'.");
    assertThat(fault(VALID.replace("\"model\"", "\"other\"")).message())
        .isEqualTo("Model parameter is required.");
    assertThat(fault(VALID.replace("\"input\"", "\"other\"")).message())
        .isEqualTo("Input parameter is required.");
    assertThat(fault(VALID.replace("\"x\"", "\"x\",\"stream\":true")).message())
        .isEqualTo("Streaming is not supported in the Batch API.");
    assertThat(fault(VALID.replace("\"m\"", "5")).message())
        .isEqualTo("Invalid type for 'body.model': expected a string.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "\t",
        "null",
        "true",
        "17",
        "\"text\"",
        "[]",
        "[{}]",
        "{",
        "}",
        "{\"custom_id\":\"a\"",
        "{\"custom_id\"}",
        "{\"custom_id\":}",
        "{'custom_id':'a'}",
        "{custom_id:1}",
        "{\"a\":1,}",
        "{\"a\":01}",
        "{\"a\":NaN}",
        "{\"a\":\"tab\there\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":1} {\"b\":2}",
        "{\"a\":1}x",
        "{\"a\":1}]",
        "{\"a\":1}/*c*/",
        "\0"
      })
  void what_is_no_json_object_is_refused(String line) {
    assertThat(fault(line).code()).isEqualTo("invalid_json_line");
  }

  @Test
  void trailing_garbage_after_a_valid_line_is_refused() {
    assertThat(fault(VALID + "}").code()).isEqualTo("invalid_json_line");
    assertThat(fault(VALID + VALID).code()).isEqualTo("invalid_json_line");
    assertThat(fault(VALID + "\0").code()).isEqualTo("invalid_json_line");
  }

  /** OpenAI refuses it; nobody is helped by that. */
  @Test
  void one_byte_order_mark_before_a_line_is_passed_over() {
    assertThat(request("\uFEFF" + VALID).customIdJson()).isEqualTo("\"a\"");
    assertThat(body("\uFEFF" + VALID)).isEqualTo("{\"model\":\"m\",\"input\":\"x\"}");
    assertThat(fault("\uFEFF").code()).isEqualTo("invalid_json_line");
    assertThat(fault("\uFEFF\uFEFF" + VALID).code()).isEqualTo("invalid_json_line");
    assertThat(fault(" \uFEFF" + VALID).code()).isEqualTo("invalid_json_line");
    assertThat(fault(VALID + "\uFEFF").code()).isEqualTo("invalid_json_line");
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16BE", "UTF-16LE", "UTF-16", "UTF-32BE", "UTF-32LE"})
  void a_line_in_another_encoding_is_refused(String encoding) {
    byte[] bytes = VALID.getBytes(Charset.forName(encoding));
    assertThat(check.check(bytes, 0, bytes.length))
        .isEqualTo(new LineVerdict.Faulty(LineFault.notJson()));
  }

  @Test
  void white_space_around_a_line_is_harmless() {
    assertThat(body("  " + VALID + " \t")).isEqualTo("{\"model\":\"m\",\"input\":\"x\"}");
    assertThat(body(VALID + "\r")).as("a CR before the line end").startsWith("{\"model\"");
  }

  @Test
  void ranges_count_from_the_beginning_of_the_array() {
    String before = "{\"other\":\"lïne 😀\"}\n";
    byte[] array = (before + VALID + "\n" + before).getBytes(UTF_8);
    int offset = before.getBytes(UTF_8).length;
    LineVerdict verdict = check.check(array, offset, VALID.length());
    assertThat(verdict)
        .isEqualTo(
            new LineVerdict.Valid(
                new RequestLine("a", "\"a\"", "/v1/embeddings", "m", 0, offset + 63, 25)));
  }

  @Test
  void characters_of_several_bytes_shift_no_range() {
    String line =
        """
        {"näme":"ßßß 😀","custom_id":"grüße-😀-日本","method":"POST","url":"/v1/embeddings",\
        "body":{"input":"日本 😀","model":"mödel"},"after":"日本"}""";
    RequestLine request = request(line);
    assertThat(request.customId()).isEqualTo("grüße-😀-日本");
    assertThat(request.customIdJson()).isEqualTo("\"grüße-😀-日本\"");
    assertThat(request.model()).isEqualTo("mödel");
    assertThat(body(line)).isEqualTo("{\"input\":\"日本 😀\",\"model\":\"mödel\"}");
  }

  @Test
  void escapes_are_decoded_but_come_back_as_they_were_written() {
    String line = VALID.replace("\"a\"", "\"\\u0061\\n\\\"\\ud83d\\ude00\\/\"");
    assertThat(request(line).customId()).isEqualTo("a\n\"😀/");
    assertThat(request(line).customIdJson()).isEqualTo("\"\\u0061\\n\\\"\\ud83d\\ude00\\/\"");
    assertThat(request(VALID.replace("custom_id", "custom\\u005fid")).customId()).isEqualTo("a");
    assertThat(request(VALID.replace("/v1/", "\\/v1\\/")).url()).isEqualTo("/v1/embeddings");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\ud800", "\\udc00", "x\\ud800y", "\\ude00\\ud83d"})
  void half_a_character_is_refused_where_it_would_be_an_identity(String half) {
    assertThat(fault(VALID.replace("\"a\"", "\"" + half + "\"")))
        .extracting(LineFault::code, LineFault::param)
        .containsExactly("invalid_value", "custom_id");
    assertThat(fault(VALID.replace("\"m\"", "\"" + half + "\"")))
        .extracting(LineFault::code, LineFault::param)
        .containsExactly("invalid_value", "body.model");
    assertThat(body(VALID.replace("\"x\"", "\"" + half + "\"")))
        .as("content is the engine's affair")
        .contains(half);
  }

  @Test
  void bytes_that_are_no_utf_8_are_refused_in_a_custom_id() {
    byte[][] wrong = {
      {(byte) 0xff},
      {(byte) 0xc3},
      {(byte) 0xc1, (byte) 0x81}, // overlong A
      {(byte) 0xed, (byte) 0xa0, (byte) 0xbd, (byte) 0xed, (byte) 0xb8, (byte) 0x80}, // CESU-8
      {(byte) 0xed, (byte) 0xa0, (byte) 0x80}
    };
    for (byte[] bytes : wrong) {
      byte[] line = splice(VALID, "\"a\"", bytes);
      assertThat(check.check(line, 0, line.length))
          .as(Arrays.toString(bytes))
          .isInstanceOf(LineVerdict.Faulty.class);
    }
  }

  @Test
  void the_last_of_two_equal_keys_counts() {
    assertThat(request(VALID.replace("\"method\"", "\"custom_id\":\"b\",\"method\"")))
        .extracting(RequestLine::customId, RequestLine::customIdJson)
        .containsExactly("b", "\"b\"");
    assertThat(fault(VALID.replace("\"method\"", "\"custom_id\":null,\"method\"")).param())
        .isEqualTo("custom_id");
    assertThat(request(VALID.replace("\"input\"", "\"model\":\"n\",\"input\"")).model())
        .isEqualTo("n");
  }

  @Test
  void the_last_of_two_bodies_counts_with_all_that_it_has_and_lacks() {
    String first = "\"body\":{\"model\":\"first\",\"input\":\"x\",\"stream\":true},\"body\"";
    assertThat(request(VALID.replace("\"body\"", first)).model()).isEqualTo("m");
    assertThat(body(VALID.replace("\"body\"", first)))
        .isEqualTo("{\"model\":\"m\",\"input\":\"x\"}");
    assertThat(fault(VALID.replace("}}", "},\"body\":{\"input\":\"x\"}}")).param())
        .isEqualTo("body.model");
    assertThat(fault(VALID.replace("}}", "},\"body\":{\"model\":\"m\"}}")).param())
        .isEqualTo("body.input");
    assertThat(fault(VALID.replace("}}", "},\"body\":7}")).param()).isEqualTo("body");
  }

  @Test
  void only_a_true_stream_is_streaming() {
    assertThat(body(VALID.replace("\"x\"", "\"x\",\"stream\":false"))).contains("false");
    assertThat(body(VALID.replace("\"x\"", "\"x\",\"stream\":null"))).contains("null");
    assertThat(body(VALID.replace("\"x\"", "\"x\",\"options\":{\"stream\":true}")))
        .contains("true");
  }

  @Test
  void members_deeper_down_are_not_mistaken_for_the_lines_own() {
    String line =
        VALID.replace("\"x\"", "{\"model\":\"z\",\"custom_id\":[\"z\"],\"body\":{\"model\":null}}");
    assertThat(request(line).model()).isEqualTo("m");
    assertThat(request(line).customId()).isEqualTo("a");
  }

  @Test
  void a_url_that_is_none_of_ours_is_left_to_the_batch_to_judge() {
    assertThat(request(VALID.replace("/v1/embeddings", "/v1/x")).url()).isEqualTo("/v1/x");
  }

  @Test
  void texts_may_be_so_long_and_no_longer() {
    assertThat(request(VALID.replace("\"a\"", "\"" + "a".repeat(512) + "\"")).customId())
        .hasSize(512);
    assertThat(fault(VALID.replace("\"a\"", "\"" + "a".repeat(513) + "\"")))
        .isEqualTo(
            new LineFault(
                "string_above_max_length",
                "Invalid 'custom_id': longer than 512 characters.",
                "custom_id"));
    assertThat(fault(VALID.replace("\"m\"", "\"" + "m".repeat(257) + "\"")).param())
        .isEqualTo("body.model");
    assertThat(fault(VALID.replace("/v1/embeddings", "/".repeat(257))).param()).isEqualTo("url");
  }

  @Test
  void a_long_content_is_no_fault() {
    String line = VALID.replace("\"x\"", "\"" + "ä".repeat(1_000_000) + "\"");
    assertThat(request(line).bodyLength()).isEqualTo(2_000_000 + 24);
  }

  @ParameterizedTest
  @ValueSource(ints = {600, 100_000, 1_000_000})
  void a_nesting_bomb_is_refused(int depth) {
    assertThat(fault("[".repeat(depth)).code()).isEqualTo("invalid_json_line");
    assertThat(fault("{\"a\":".repeat(depth)).code()).isEqualTo("invalid_json_line");
    String nested = "[".repeat(depth) + "]".repeat(depth);
    assertThat(fault(VALID.replace("\"x\"", nested)).code()).isEqualTo("invalid_json_line");
  }

  @Test
  void some_nesting_is_no_bomb() {
    String nested = "[".repeat(400) + "]".repeat(400);
    assertThat(body(VALID.replace("\"x\"", nested))).contains(nested);
  }

  @Test
  void any_bytes_get_a_verdict() {
    long seed = 20_260_101;
    Random random = new Random(seed);
    int valid = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = bytes(random, i);
      int offset = random.nextInt(4);
      byte[] array = new byte[offset + bytes.length + 3];
      random.nextBytes(array);
      System.arraycopy(bytes, 0, array, offset, bytes.length);
      String what = "seed " + seed + ", string " + i + ": " + Arrays.toString(bytes);
      try {
        LineVerdict verdict = check.check(array, offset, bytes.length);
        if (verdict instanceof LineVerdict.Valid(RequestLine request)) {
          valid++;
          assertSound(array, offset, bytes.length, request);
        }
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(what, e);
      }
    }
    assertThat(valid).as("some mutations leave a line valid").isBetween(500, 10_000);
  }

  private static byte[] bytes(Random random, int i) {
    return switch (i % 4) {
      case 0 -> {
        byte[] any = new byte[random.nextInt(120)];
        random.nextBytes(any);
        yield any;
      }
      case 1 -> {
        String alphabet = "{}[]\",:\\u0 truefalsnl-1e.é😀\0\r\t";
        StringBuilder text = new StringBuilder("{\"custom_id\":");
        for (int n = random.nextInt(60); n > 0; n--) {
          text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        yield text.toString().getBytes(random.nextInt(10) == 0 ? UTF_16BE : UTF_8);
      }
      default -> mutated(VALID.getBytes(UTF_8), random);
    };
  }

  private static byte[] mutated(byte[] line, Random random) {
    byte[] bytes = line.clone();
    for (int n = random.nextInt(4); n >= 0; n--) {
      int at = random.nextInt(bytes.length);
      byte[] head = Arrays.copyOf(bytes, at);
      byte[] tail = Arrays.copyOfRange(bytes, at, bytes.length);
      bytes =
          switch (random.nextInt(5)) {
            case 0 -> join(head, new byte[] {(byte) random.nextInt(256)}, tail);
            case 1 -> join(head, Arrays.copyOfRange(tail, 1, tail.length));
            case 2 ->
                join(
                    head,
                    new byte[] {(byte) (tail[0] ^ (1 << random.nextInt(8)))},
                    Arrays.copyOfRange(tail, 1, tail.length));
            case 3 -> join(head, Arrays.copyOf(tail, random.nextInt(tail.length + 1)), tail);
            default -> random.nextInt(4) == 0 ? head : bytes;
          };
      if (bytes.length == 0) {
        break;
      }
    }
    return bytes;
  }

  private static void assertSound(byte[] array, int offset, int length, RequestLine request) {
    assertThat(request.bodyOffset()).isGreaterThan(offset);
    assertThat(request.bodyOffset() + request.bodyLength()).isLessThan(offset + length);
    try (JsonParser body =
        new JsonFactory()
            .createParser(
                ObjectReadContext.empty(), array, request.bodyOffset(), request.bodyLength())) {
      assertThat(body.nextToken()).isEqualTo(JsonToken.START_OBJECT);
      body.skipChildren();
      assertThat(body.nextToken()).isNull();
    }
    try (JsonParser id =
        new JsonFactory().createParser(ObjectReadContext.empty(), request.customIdJson())) {
      assertThat(id.nextToken()).isEqualTo(JsonToken.VALUE_STRING);
      assertThat(id.getString()).isEqualTo(request.customId());
      assertThat(id.nextToken()).isNull();
    }
    assertThat(request.model()).isNotEmpty();
  }

  @Test
  void equal_custom_ids_have_equal_digests_and_others_others() {
    assertThat(request(VALID).customIdDigest())
        .isEqualTo(request(VALID.replace("\"a\"", "\"\\u0061\"")).customIdDigest())
        .isNotEqualTo(request(VALID.replace("\"a\"", "\"b\"")).customIdDigest())
        .hasToString("ca978112-ca1b-bdca-fac2-31b39a23dc4d");
  }

  private static byte[] splice(String line, String text, byte[] content) {
    int at = line.indexOf(text);
    return join(
        line.substring(0, at + 1).getBytes(UTF_8),
        content,
        line.substring(at + text.length() - 1).getBytes(UTF_8));
  }

  private static byte[] join(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    byte[] joined = new byte[length];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, joined, at, part.length);
      at += part.length;
    }
    return joined;
  }

  private RequestLine request(String line) {
    byte[] bytes = line.getBytes(UTF_8);
    LineVerdict verdict = check.check(bytes, 0, bytes.length);
    assertThat(verdict).isInstanceOf(LineVerdict.Valid.class);
    return ((LineVerdict.Valid) verdict).request();
  }

  private String body(String line) {
    RequestLine request = request(line);
    return new String(line.getBytes(UTF_8), request.bodyOffset(), request.bodyLength(), UTF_8);
  }

  private LineFault fault(String line) {
    byte[] bytes = line.getBytes(UTF_8);
    LineVerdict verdict = check.check(bytes, 0, bytes.length);
    assertThat(verdict).isInstanceOf(LineVerdict.Faulty.class);
    return ((LineVerdict.Faulty) verdict).fault();
  }
}
