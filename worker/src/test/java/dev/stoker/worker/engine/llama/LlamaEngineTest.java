package dev.stoker.worker.engine.llama;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import dev.stoker.testing.Until;
import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineRequest;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.engine.TokenUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The engine with llama.cpp and a model of random weights. */
@Timeout(300)
final class LlamaEngineTest {
  private static final Duration LONG = Duration.ofMinutes(4);
  private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000);
  private static final String CHAT = "/v1/chat/completions";
  private static final String TEXT = "/v1/completions";
  private static final JsonMapper JSON = JsonMapper.shared();

  @TempDir private static Path directory;
  private static Path file;
  private static LlamaEngine engine;

  @BeforeAll
  static void load() throws Exception {
    file = TinyGguf.write(directory.resolve("tiny.gguf"), 7);
    engine = engine(settings(file, 4, LlamaSettings.Embeddings.NO));
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  @Test
  void a_prompt_is_answered_as_the_binding_answers_it() throws Exception {
    for (String prompt : List.of("The", "A longer prompt, with ünïcode 😀", "x")) {
      String said = boundAnswer(file, prompt, 24);

      assertThat(said).as("the binding").isNotBlank();
      assertThat(text("{\"prompt\":%s,\"max_tokens\":24,\"temperature\":0}", prompt))
          .isEqualTo(said);
    }
  }

  /** What the Java binding in the library's jar answers: another way to the same functions. */
  private static String boundAnswer(Path model, String prompt, int tokens) {
    System.setProperty("de.kherud.llama.tmpdir", directory.toString());
    var parameters =
        new ModelParameters()
            .setModel(model.toString())
            .setCtxSize(512)
            .setThreads(1)
            .setGpuLayers(0)
            .disableLog();
    try (LlamaModel binding = new LlamaModel(parameters)) {
      return binding.complete(
          new InferenceParameters(prompt).setTemperature(0).setNPredict(tokens).setSeed(1));
    }
  }

  @Test
  void a_completion_has_openais_shape_and_counts_truly() {
    var reply =
        answered(
            TEXT, "{\"model\":\"tiny\",\"prompt\":\"abc\",\"max_tokens\":5,\"temperature\":0}");
    JsonNode json = json(reply);

    assertThat(json.get("id").asString()).matches("cmpl-[0-9a-f]{16}");
    String words = json.at("/choices/0/text").asString();
    ((ObjectNode) json).put("id", "ID");
    // BOS, what stands for the space before a text, in bytes, and a token for each letter.
    assertThat(json)
        .isEqualTo(
            JSON.readTree(
                """
                {"id":"ID","object":"text_completion","created":1800000000,"model":"tiny",
                "choices":[{"text":%s,"index":0,"logprobs":null,"finish_reason":"length"}],
                "usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12,
                "prompt_tokens_details":{"cached_tokens":%d}}}"""
                    .formatted(JSON.writeValueAsString(words), reply.usage().cached())));
    assertThat(words.strip().split(" ")).hasSize(5);
    assertThat(reply.usage()).isEqualTo(new TokenUsage(7, reply.usage().cached(), 5, 0));
  }

  @Test
  void a_conversation_is_put_to_the_model_by_its_own_template() {
    String conversation =
        """
        {"messages":[{"role":"system","content":"Be brief."},
        {"role":"user","content":[{"type":"text","text":"Hi"},{"type":"text","text":" 😀"}]}],
        "max_completion_tokens":6,"temperature":0}""";
    String prompt =
        """
        <|im_start|>system
        Be brief.<|im_end|>
        <|im_start|>user
        Hi 😀<|im_end|>
        <|im_start|>assistant
        """;

    JsonNode chat = json(answered(CHAT, conversation));

    assertThat(chat.get("object").asString()).isEqualTo("chat.completion");
    assertThat(chat.get("id").asString()).startsWith("chatcmpl-");
    assertThat(chat.at("/choices/0/message/role").asString()).isEqualTo("assistant");
    assertThat(chat.at("/choices/0/message/refusal").isNull()).isTrue();
    assertThat(chat.at("/choices/0/message/content").asString())
        .isNotBlank()
        .isEqualTo(text("{\"prompt\":%s,\"max_tokens\":6,\"temperature\":0}", prompt));
  }

  @Test
  void the_same_seed_gives_the_same_answer_and_another_another() {
    String body = "{\"prompt\":\"p\",\"max_tokens\":12,\"temperature\":1.5,\"seed\":%d}";

    String first = text(body.formatted(1));

    assertThat(text(body.formatted(1))).isEqualTo(first);
    assertThat(text(body.formatted(2))).isNotEqualTo(first);
    assertThat(text("{\"prompt\":\"p\",\"max_tokens\":12}"))
        .isNotEqualTo(text("{\"prompt\":\"p\",\"max_tokens\":12}"));
  }

  @Test
  void each_of_several_answers_has_its_own_seed() {
    JsonNode json =
        json(answered(TEXT, "{\"prompt\":[\"p\",\"q\"],\"max_tokens\":8,\"seed\":1,\"n\":2}"));

    assertThat(json.at("/choices").size()).isEqualTo(4);
    assertThat(json.at("/choices/0/text").asString())
        .isEqualTo(text("{\"prompt\":\"p\",\"max_tokens\":8,\"seed\":1}"));
    assertThat(json.at("/choices/1/text").asString())
        .isEqualTo(text("{\"prompt\":\"p\",\"max_tokens\":8,\"seed\":2}"));
    assertThat(json.at("/choices/3/text").asString())
        .isEqualTo(text("{\"prompt\":\"q\",\"max_tokens\":8,\"seed\":2}"));
    assertThat(json.at("/choices/3/index").intValue()).isEqualTo(3);
    assertThat(json.at("/usage/prompt_tokens").intValue()).isEqualTo(10);
    assertThat(json.at("/usage/completion_tokens").intValue()).isEqualTo(32);
  }

  @Test
  void an_answer_ends_before_a_stop_even_one_that_begins_inside_a_word() {
    String all = text("{\"prompt\":\"s\",\"max_tokens\":12,\"temperature\":0}");
    String stop = all.substring(all.indexOf(' ', 8) - 1, all.indexOf(' ', 8) + 2);

    JsonNode json =
        json(
            answered(
                TEXT,
                "{\"prompt\":\"s\",\"max_tokens\":12,\"temperature\":0,\"stop\":[\"~\",%s]}"
                    .formatted(JSON.writeValueAsString(stop))));

    assertThat(json.at("/choices/0/text").asString())
        .isEqualTo(all.substring(0, all.indexOf(stop)));
    assertThat(json.at("/choices/0/finish_reason").asString()).isEqualTo("stop");
    assertThat(json.at("/usage/completion_tokens").intValue()).isLessThan(12);
  }

  @Test
  void an_answer_ends_where_the_model_ends_it() {
    JsonNode json =
        json(answered(TEXT, "{\"prompt\":\"s\",\"logit_bias\":{\"2\":100},\"logprobs\":1}"));

    assertThat(json.at("/choices/0/text").asString()).isEmpty();
    assertThat(json.at("/choices/0/finish_reason").asString()).isEqualTo("stop");
    assertThat(json.at("/usage/completion_tokens").intValue()).isOne();
  }

  @Test
  void an_answer_may_fill_the_context() {
    JsonNode json =
        json(answered(CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"seed\":3}"));

    assertThat(json.at("/choices/0/finish_reason").asString()).isEqualTo("length");
    assertThat(json.at("/usage/total_tokens").intValue()).isEqualTo(513);
  }

  @Test
  void a_prompt_that_begins_as_an_earlier_one_is_not_computed_again() {
    String body = "{\"prompt\":\"%s\",\"max_tokens\":3,\"temperature\":0}";
    String prefix = "q".repeat(100);
    String alone = text(body.formatted(prefix + "xy"));
    answered(TEXT, body.formatted(prefix + "ab"));

    var reply = answered(TEXT, body.formatted(prefix + "xy"));

    assertThat(reply.usage().cached()).isBetween(104L, 105L);
    assertThat(json(reply).at("/choices/0/text").asString()).isEqualTo(alone);
  }

  @Test
  void the_likeliest_tokens_are_told_with_probabilities_that_add_up() {
    JsonNode chat =
        json(
            answered(
                CHAT,
                """
                {"messages":[{"role":"user","content":"a"}],"max_tokens":3,"temperature":0,
                "logprobs":true,"top_logprobs":20}"""));
    JsonNode tokens = chat.at("/choices/0/logprobs/content");
    JsonNode text =
        json(
            answered(TEXT, "{\"prompt\":\"a\",\"max_tokens\":3,\"temperature\":0,\"logprobs\":2}"));
    JsonNode columns = text.at("/choices/0/logprobs");

    assertThat(tokens.size()).isEqualTo(3);
    StringBuilder said = new StringBuilder();
    for (JsonNode token : tokens) {
      said.append(token.get("token").asString());
      assertThat(token.get("top_logprobs").size()).isEqualTo(20);
      // At temperature 0 the chosen one is the likeliest.
      assertThat(token.at("/top_logprobs/0/token")).isEqualTo(token.get("token"));
      assertThat(token.at("/top_logprobs/0/logprob")).isEqualTo(token.get("logprob"));
      assertThat(
              token
                  .get("top_logprobs")
                  .valueStream()
                  .mapToDouble(other -> Math.exp(other.get("logprob").doubleValue()))
                  .sum())
          .isBetween(0.2, 1.0);
      assertThat(token.get("bytes").size())
          .isEqualTo(token.get("token").asString().getBytes(UTF_8).length);
    }
    assertThat(said).asString().isEqualTo(chat.at("/choices/0/message/content").asString());
    assertThat(columns.get("tokens").size()).isEqualTo(3);
    assertThat(columns.at("/top_logprobs/0").size()).isEqualTo(2);
    assertThat(columns.at("/text_offset/1").intValue())
        .isEqualTo(columns.at("/tokens/0").asString().length());
    assertThat(columns.at("/token_logprobs/0").doubleValue())
        .isCloseTo(
            columns.at("/top_logprobs/0").valueStream().findFirst().orElseThrow().doubleValue(),
            within(0.0));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void an_answer_obeys_a_schema(int seed) {
    JsonNode json =
        json(
            answered(
                CHAT,
                """
                {"messages":[{"role":"user","content":"a"}],"seed":%d,"max_tokens":300,
                "response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,
                "schema":{"type":"object","additionalProperties":false,
                "required":["kind","sizes","on","\\"é"],"properties":{
                "kind":{"enum":["a b","c\\"d"]},
                "sizes":{"type":"array","minItems":2,"maxItems":3,"items":{"type":"integer"}},
                "note":{"type":"string","maxLength":5},
                "on":{"anyOf":[{"type":"boolean"},{"type":"null"}]},
                "\\"é":{"$ref":"#/$defs/leaf"}},
                "$defs":{"leaf":{"const":{"x":1}}}}}}}"""
                    .formatted(seed)));

    assertThat(json.at("/choices/0/finish_reason").asString()).isEqualTo("stop");
    JsonNode said = JSON.readTree(json.at("/choices/0/message/content").asString());
    assertThat(said.get("kind").asString()).isIn("a b", "c\"d");
    assertThat(said.get("sizes").size()).isBetween(2, 3);
    assertThat(said.get("sizes").valueStream()).allMatch(JsonNode::isIntegralNumber);
    assertThat(said.get("on").isBoolean() || said.get("on").isNull()).isTrue();
    assertThat(said.get("\"é")).isEqualTo(JSON.readTree("{\"x\":1}"));
    assertThat(said.propertyNames()).isSubsetOf("kind", "sizes", "note", "on", "\"é");
  }

  @Test
  void an_answer_can_be_any_json_object() {
    JsonNode json =
        json(
            answered(
                CHAT,
                """
                {"messages":[{"role":"user","content":"a"}],"seed":5,"max_tokens":40,
                "logit_bias":{"128":60},"response_format":{"type":"json_object"}}"""));

    // Token 128 is the closing brace.
    assertThat(JSON.readTree(json.at("/choices/0/message/content").asString()).isObject()).isTrue();
    assertThat(json.at("/choices/0/finish_reason").asString()).isEqualTo("stop");
  }

  @Test
  void penalties_keep_words_from_coming_again() {
    String all =
        text("{\"prompt\":\"w\",\"max_tokens\":40,\"temperature\":0,\"repeat_penalty\":10}");
    String plain = text("{\"prompt\":\"w\",\"max_tokens\":40,\"temperature\":0}");

    assertThat(List.of(all.strip().split(" "))).doesNotHaveDuplicates();
    assertThat(all).isNotEqualTo(plain);
  }

  @Test
  void top_k_and_top_p_and_min_p_leave_only_the_likeliest() {
    String likeliest = text("{\"prompt\":\"k\",\"max_tokens\":8,\"temperature\":0}");

    for (String cut : List.of("\"top_k\":1", "\"top_p\":0", "\"min_p\":1")) {
      assertThat(text("{\"prompt\":\"k\",\"max_tokens\":8,\"temperature\":2," + cut + "}"))
          .as(cut)
          .isEqualTo(likeliest);
    }
  }

  @Test
  void requests_side_by_side_get_each_its_own_answer() throws Exception {
    List<String> bodies =
        IntStream.range(0, 24)
            .mapToObj(
                i ->
                    "{\"prompt\":\"%s\",\"max_tokens\":%d,\"temperature\":0}"
                        .formatted(Integer.toString(i * 7919, 36).repeat(1 + i), 4 + i))
            .toList();
    List<String> alone = bodies.stream().map(LlamaEngineTest::text).toList();

    List<FutureTask<String>> together =
        bodies.stream().map(body -> new FutureTask<>(() -> text(body))).toList();
    together.forEach(Thread::startVirtualThread);

    for (int i = 0; i < alone.size(); i++) {
      assertThat(together.get(i).get()).as(bodies.get(i)).isEqualTo(alone.get(i));
    }
  }

  @Test
  void a_request_out_of_time_makes_room_for_others() throws Exception {
    // A hundred thousand steps, if anybody waited for them.
    String endless = "{\"prompt\":\"e\",\"n\":128,\"max_tokens\":400,\"logit_bias\":{\"2\":-100}}";
    for (int i = 0; i < 8; i++) {
      assertThat(engine.complete(request(TEXT, endless), Duration.ofMillis(1)))
          .isInstanceOf(EngineReply.TimedOut.class);
    }
    assertThat(engine.complete(engine.canary().orElseThrow(), Duration.ofSeconds(30)))
        .isInstanceOf(EngineReply.Answered.class);
  }

  @Test
  void long_answers_show_that_the_engine_works() {
    long before = engine.loadingSteps();

    text("{\"prompt\":\"l\",\"max_tokens\":30,\"logit_bias\":{\"2\":-100}}");

    assertThat(engine.loadingSteps() - before).isGreaterThan(25);
  }

  @Test
  void the_canary_is_answered() throws Exception {
    assertThat(engine.complete(engine.canary().orElseThrow(), LONG))
        .isInstanceOfSatisfying(
            EngineReply.Answered.class, reply -> assertThat(reply.status()).isEqualTo(200));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          /v1/completions | {"prompt":""}                                | 200 |
          /v1/completions | {"prompt":[]}                                | 400 | prompt
          /v1/completions | {"prompt":[[]]}                              | 400 | prompt
          /v1/completions | {"prompt":[1,99999]}                         | 400 | prompt
          /v1/completions | {"prompt":[1,-1]}                            | 400 | prompt
          /v1/completions | {"prompt":{}}                                | 400 | prompt
          /v1/completions | {}                                           | 400 | prompt
          /v1/completions | {"prompt":"a","echo":true}                   | 400 | echo
          /v1/completions | {"prompt":"a","suffix":"b"}                  | 400 | suffix
          /v1/completions | {"prompt":"a","best_of":2}                   | 400 | best_of
          /v1/completions | {"prompt":"a","logprobs":21}                 | 400 | logprobs
          /v1/completions | {"prompt":"a","stream":true}                 | 400 | stream
          /v1/completions | {"prompt":"a","temperature":2.1}             | 400 | temperature
          /v1/completions | {"prompt":"a","temperature":"1"}             | 400 | temperature
          /v1/completions | {"prompt":"a","top_p":1.1}                   | 400 | top_p
          /v1/completions | {"prompt":"a","n":0}                         | 400 | n
          /v1/completions | {"prompt":"a","seed":1.5}                    | 400 | seed
          /v1/completions | {"prompt":"a","stop":["1","2","3","4","5"]}  | 400 | stop
          /v1/completions | {"prompt":"a","stop":""}                     | 400 | stop
          /v1/completions | {"prompt":"a","max_tokens":0}                | 400 | max_tokens
          /v1/completions | {"prompt":"a","logit_bias":{"x":1}}          | 400 | logit_bias
          /v1/completions | {"prompt":"a","logit_bias":{"1":101}}        | 400 | logit_bias
          /v1/completions | {"prompt":"a","logit_bias":{"99999":1}}      | 400 | logit_bias
          /v1/completions | {"prompt":"a","messages":[]}                 | 400 | messages
          /v1/completions | {"prompt":"a","mirostat":2}                  | 400 | mirostat
          /v1/completions | {"prompt":"a","user":"u","metadata":{"a":"b"},"store":false,"stream":false,"n":1,"suffix":null,"service_tier":"auto"} | 200 |
          /v1/chat/completions | {"messages":[]}                         | 400 | messages
          /v1/chat/completions | {"messages":[{"role":"user"}]}          | 400 | messages[0].content
          /v1/chat/completions | {"messages":[{"role":"tool","content":"a"}]} | 400 | messages[0].role
          /v1/chat/completions | {"messages":[{"role":"user","content":"a","name":"n"}]} | 400 | messages[0].name
          /v1/chat/completions | {"messages":[{"role":"user","content":[{"type":"image_url"}]}]} | 400 | messages[0].content
          /v1/chat/completions | {"messages":[{"role":"user","content":"a\\u0000b"}]} | 400 | messages[0].content
          /v1/chat/completions | {"messages":[{"role":"user","content":"a"}],"tools":[{}]} | 400 | tools
          /v1/chat/completions | {"messages":[{"role":"user","content":"a"}],"tool_choice":"required"} | 400 | tool_choice
          /v1/chat/completions | {"messages":[{"role":"user","content":"a"}],"top_logprobs":2} | 400 | top_logprobs
          /v1/chat/completions | {"messages":[{"role":"user","content":"a"}],"reasoning_effort":"low"} | 400 | reasoning_effort
          /v1/chat/completions | {"messages":[{"role":"user","content":"a"}],"response_format":{"type":"xml"}} | 400 | response_format
          /v1/chat/completions | {"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"string","pattern":"a"}}}} | 400 | response_format
          /v1/chat/completions | {"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":{"schema":{"$ref":"#"}}}} | 400 | response_format
          /v1/chat/completions | [1]                                     | 400 |
          /v1/chat/completions | {"messages":                            | 400 |
          /v1/embeddings       | {"input":"a"}                           | 404 | url
          """)
  void what_cannot_be_done_is_refused_by_name(
      String endpoint, String body, int status, String param) {
    var reply = reply(endpoint, body);

    assertThat(reply.status()).as(new String(reply.body(), UTF_8)).isEqualTo(status);
    if (status != 200) {
      JsonNode error = json(reply).get("error");
      assertThat(error.get("type").asString()).isEqualTo("invalid_request_error");
      assertThat(error.get("message").asString()).isNotEmpty();
      assertThat(error.get("param").isNull() ? null : error.get("param").asString())
          .isEqualTo(param);
      assertThat(reply.usage()).isEqualTo(TokenUsage.NONE);
    }
  }

  @Test
  void a_prompt_longer_than_the_context_is_refused_as_openai_does() {
    var reply = reply(TEXT, "{\"prompt\":\"" + "z".repeat(600) + "\"}");

    assertThat(reply.status()).isEqualTo(400);
    assertThat(json(reply).at("/error/code").asString()).isEqualTo("context_length_exceeded");
  }

  @Test
  void a_model_without_a_template_that_llama_cpp_knows_does_not_chat() throws Exception {
    Path plain = TinyGguf.write(directory.resolve("plain.gguf"), 7, "");
    try (LlamaEngine base = engine(settings(plain, 1, LlamaSettings.Embeddings.NO))) {
      var chat =
          answered(
              base.complete(
                  request(CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}"), LONG));

      assertThat(chat.status()).isEqualTo(400);
      assertThat(json(chat).at("/error/param").asString()).isEqualTo("messages");
      assertThat(answered(base.complete(base.canary().orElseThrow(), LONG)).status())
          .isEqualTo(200);
    }
  }

  @Test
  void vectors_have_length_one_and_do_not_depend_on_what_runs_beside() throws Exception {
    try (LlamaEngine vectors = engine(settings(file, 4, LlamaSettings.Embeddings.MEAN))) {
      var one = embeddings(vectors, "{\"input\":\"some text\"}");
      var many =
          embeddings(
              vectors,
              "{\"input\":[\"some text\",\"b\",\"c\",\"d\",\"%s\",\"some text\"]}"
                  .formatted("e".repeat(400)));

      float[] first = vector(one, 0);
      assertThat(first).hasSize(TinyGguf.DIMENSIONS);
      assertThat(dot(first, first)).isCloseTo(1, within(1e-5));
      assertThat(dot(first, vector(many, 0))).isCloseTo(1, within(1e-4));
      assertThat(dot(first, vector(many, 5))).isCloseTo(1, within(1e-4));
      assertThat(dot(first, vector(many, 1))).isLessThan(0.999);
      // One that begins the text, three bytes for each space, and one for each letter.
      assertThat(json(one).at("/usage/prompt_tokens").intValue()).isEqualTo(15);
      assertThat(embeddings(vectors, "{\"input\":\"" + "f".repeat(600) + "\"}").status())
          .isEqualTo(400);
      assertThat(embeddings(vectors, "{\"input\":\"a\",\"dimensions\":7}").status()).isEqualTo(400);
      assertThat(answered(vectors.complete(request(CHAT, "{}"), LONG)).status()).isEqualTo(404);
    }
  }

  @Test
  void vectors_that_the_file_does_not_say_how_to_pool_are_refused_at_load() throws Exception {
    var reasons = new LinkedBlockingQueue<String>();
    try (var broken =
        new LlamaEngine(
            settings(file, 1, LlamaSettings.Embeddings.MODEL),
            InstantSource.fixed(NOW),
            System::nanoTime,
            reasons::add)) {
      assertThat(reasons.take()).contains("STOKER_LLAMA_EMBEDDINGS");
      assertThat(broken.probe()).isEqualTo(EngineState.DOWN);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing", "half", "noise"})
  void a_file_that_holds_no_model_takes_the_engine_down_with_a_reason(String what)
      throws Exception {
    Path bad = directory.resolve(what + ".gguf");
    byte[] good = Files.readAllBytes(file);
    switch (what) {
      case "half" -> Files.write(bad, Arrays.copyOf(good, good.length / 2));
      case "noise" -> Files.writeString(bad, "this is no GGUF");
      default -> {}
    }
    var reasons = new LinkedBlockingQueue<String>();
    try (var broken =
        new LlamaEngine(
            settings(bad, 1, LlamaSettings.Embeddings.NO),
            InstantSource.fixed(NOW),
            System::nanoTime,
            reasons::add)) {
      assertThat(reasons.take()).contains(bad.toString());
      assertThat(broken.complete(broken.canary().orElseThrow(), LONG))
          .isInstanceOfSatisfying(
              EngineReply.Unreachable.class,
              reply -> assertThat(reply.reason()).contains(bad.toString()));
      assertThat(broken.loadedModel()).isEmpty();
    }
  }

  @Test
  void closing_ends_requests_that_run_and_requests_that_wait() throws Exception {
    LlamaEngine closing = engine(settings(file, 2, LlamaSettings.Embeddings.NO));
    String endless = "{\"prompt\":\"e\",\"max_tokens\":400,\"n\":100,\"logit_bias\":{\"2\":-100}}";
    List<FutureTask<EngineReply>> running =
        IntStream.range(0, 5)
            .mapToObj(_ -> new FutureTask<>(() -> closing.complete(request(TEXT, endless), LONG)))
            .toList();
    running.forEach(Thread::startVirtualThread);
    long begun = closing.loadingSteps();
    Until.within(Duration.ofSeconds(5)).holds(() -> closing.loadingSteps() > begun + 5);

    closing.close();

    for (FutureTask<EngineReply> reply : running) {
      assertThat(reply.get()).isInstanceOf(EngineReply.Unreachable.class);
    }
    assertThat(closing.complete(closing.canary().orElseThrow(), LONG))
        .isInstanceOf(EngineReply.Unreachable.class);
    assertThat(closing.probe()).isEqualTo(EngineState.DOWN);
  }

  @Test
  void an_engine_that_is_closed_while_it_loads_is_not_broken() throws Exception {
    var reasons = new LinkedBlockingQueue<String>();
    LlamaEngine early =
        new LlamaEngine(
            settings(file, 1, LlamaSettings.Embeddings.NO),
            InstantSource.fixed(NOW),
            System::nanoTime,
            reasons::add);

    early.close();

    assertThat(early.probe()).isEqualTo(EngineState.DOWN);
    assertThat(early.loadedModel()).isEmpty();
    assertThat(early.complete(early.canary().orElseThrow(), LONG))
        .isInstanceOf(EngineReply.Unreachable.class);
    assertThat(reasons).isEmpty();
  }

  /** Set STOKER_TEST_GGUF to the file of a small model that chats. */
  @Test
  @EnabledIfEnvironmentVariable(named = "STOKER_TEST_GGUF", matches = ".+")
  void a_real_model_answers_as_the_binding_answers_it() throws Exception {
    Path real = Path.of(System.getenv("STOKER_TEST_GGUF"));
    String prompt = "The capital of France is";
    try (LlamaEngine engine = engine(settings(real, 2, LlamaSettings.Embeddings.NO))) {
      JsonNode text =
          json(
              answered(
                  engine.complete(
                      request(
                          TEXT,
                          "{\"prompt\":\"" + prompt + "\",\"max_tokens\":16,\"temperature\":0}"),
                      LONG)));
      JsonNode chat =
          json(
              answered(
                  engine.complete(
                      request(
                          CHAT,
                          """
                          {"messages":[{"role":"user","content":"Name a city."}],"temperature":0,
                          "max_tokens":100,"response_format":{"type":"json_schema","json_schema":{
                          "schema":{"type":"object","required":["city"],"properties":{
                          "city":{"type":"string","maxLength":40}}}}}}"""),
                      LONG)));

      assertThat(text.at("/choices/0/text").asString()).isEqualTo(boundAnswer(real, prompt, 16));
      assertThat(
              JSON.readTree(chat.at("/choices/0/message/content").asString())
                  .get("city")
                  .asString())
          .isNotBlank();
    }
  }

  @Test
  void a_model_gives_its_memory_back_when_another_takes_its_place() throws Exception {
    // 256 sequences of 2048 tokens: half a kibibyte for each token, 256 MiB in all, and more.
    var settings = new LlamaSettings(file, "tiny", 1, 2048, 256, LlamaSettings.Embeddings.NO);
    try (LlamaEngine first = engine(settings)) {
      first.complete(first.canary().orElseThrow(), LONG);
    }
    long before = residentKibibytes();
    for (int swap = 0; swap < 4; swap++) {
      try (LlamaEngine next = engine(settings)) {
        answered(next.complete(next.canary().orElseThrow(), LONG));
        assertThat(residentKibibytes() - before).as("loaded").isGreaterThan(150_000);
      }
    }
    assertThat(residentKibibytes() - before).as("after four swaps").isLessThan(250_000);
  }

  private static long residentKibibytes() throws Exception {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  private static LlamaSettings settings(Path file, int slots, LlamaSettings.Embeddings embeddings) {
    return new LlamaSettings(file, "tiny", 1, 512, slots, embeddings);
  }

  private static LlamaEngine engine(LlamaSettings settings) {
    LlamaEngine made =
        new LlamaEngine(
            settings,
            InstantSource.fixed(NOW),
            System::nanoTime,
            why -> {
              throw new AssertionError(why);
            });
    Until.within(Duration.ofSeconds(10)).holds(() -> made.probe() == EngineState.READY);
    assertThat(made.loadedModel()).isEqualTo("tiny");
    return made;
  }

  private static EngineRequest request(String endpoint, String body) {
    return new EngineRequest(endpoint, "tiny", body.getBytes(UTF_8));
  }

  private static EngineReply.Answered reply(String endpoint, String body) {
    try {
      return answered(engine.complete(request(endpoint, body), LONG));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static EngineReply.Answered answered(EngineReply reply) {
    assertThat(reply).isInstanceOf(EngineReply.Answered.class);
    return (EngineReply.Answered) reply;
  }

  private static EngineReply.Answered answered(String endpoint, String body) {
    var reply = reply(endpoint, body);
    assertThat(reply.status()).as(new String(reply.body(), UTF_8)).isEqualTo(200);
    return reply;
  }

  private static JsonNode json(EngineReply.Answered reply) {
    return JSON.readTree(reply.body());
  }

  private static String text(String body) {
    return json(answered(TEXT, body)).at("/choices/0/text").asString();
  }

  private static String text(String body, String prompt) {
    return text(body.formatted(JSON.writeValueAsString(prompt)));
  }

  private static EngineReply.Answered embeddings(LlamaEngine vectors, String body)
      throws InterruptedException {
    return answered(vectors.complete(request("/v1/embeddings", body), LONG));
  }

  private static float[] vector(EngineReply.Answered reply, int index) {
    JsonNode numbers = json(reply).at("/data/" + index + "/embedding");
    float[] vector = new float[numbers.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = numbers.get(i).floatValue();
    }
    return vector;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
