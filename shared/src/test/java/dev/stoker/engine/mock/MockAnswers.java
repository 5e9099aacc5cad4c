package dev.stoker.engine.mock;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.line.Json;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What the mock engine answers: a function of the request alone, so that whoever has the request
 * knows each byte of the answer.
 */
public final class MockAnswers {

  /** One word is one token; some need care in JSON or in UTF-8. */
  private static final List<String> WORDS =
      List.of(
          "coal",
          "fire",
          "furnace",
          "ember",
          "steam",
          "Glühwürmchen",
          "火",
          "🔥",
          "\"draught\"",
          "C:\\ash",
          "line\nbreak",
          "heat",
          "shovel",
          "boiler",
          "pressure",
          "grate");

  /** Always the same, so that answers do not depend on the time. */
  private static final long CREATED = 1_767_225_600;

  private static final int DIMENSIONS = 384;

  private final MockRequest request;
  private final BodyHash hash;
  private final TokenRange lengths;

  private MockAnswers(MockRequest request, BodyHash hash, TokenRange lengths) {
    this.request = request;
    this.hash = hash;
    this.lengths = lengths;
  }

  /** The body of the answer with status 200, if answers are as long as the mock's default says. */
  public static byte[] of(String endpoint, byte[] body) {
    return of(endpoint, body, TokenRange.DEFAULT);
  }

  /**
   * The body of the answer with status 200.
   *
   * @throws IllegalArgumentException for an endpoint that the mock does not have, or a body that is
   *     not one JSON object
   */
  public static byte[] of(String endpoint, byte[] body, TokenRange lengths) {
    return MockEndpoint.ofPath(endpoint)
        .flatMap(
            found ->
                MockRequest.of(body)
                    .map(request -> of(found, request, BodyHash.of(endpoint, body), lengths)))
        .orElseThrow(() -> new IllegalArgumentException("no request for " + endpoint))
        .body();
  }

  static MockAnswer of(
      MockEndpoint endpoint, MockRequest request, BodyHash hash, TokenRange lengths) {
    MockAnswers answers = new MockAnswers(request, hash, lengths);
    return switch (endpoint) {
      case CHAT -> answers.chat();
      case COMPLETIONS -> answers.completion();
      case RESPONSES -> answers.response();
      case EMBEDDINGS -> answers.embeddings();
      case MODERATIONS -> answers.moderation();
      case RERANK -> answers.rerank();
      case SCORE -> answers.score();
    };
  }

  private MockAnswer chat() {
    String choices =
        each(
            request.choices(),
            i ->
                "{\"index\":%d,\"message\":{\"role\":\"assistant\",\"content\":%s,\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"%s\"}"
                    .formatted(i, Json.quote(words(i)), finish(i)));
    return generated("chatcmpl", "chat.completion", choices, request.choices());
  }

  /** As many choices as asked for, of each prompt. */
  private MockAnswer completion() {
    int count = request.inputs() * request.choices();
    String choices =
        each(
            count,
            i ->
                "{\"index\":%d,\"text\":%s,\"logprobs\":null,\"finish_reason\":\"%s\"}"
                    .formatted(i, Json.quote(words(i)), finish(i)));
    return generated("cmpl", "text_completion", choices, count);
  }

  private MockAnswer generated(String prefix, String object, String choices, int count) {
    int completion = IntStream.range(0, count).map(this::tokens).sum();
    return answer(
        count,
        "{\"id\":\"%s-%s\",\"object\":\"%s\",\"created\":%d,\"model\":%s,\"choices\":[%s],\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d,\"prompt_tokens_details\":{\"cached_tokens\":0}}}"
            .formatted(
                prefix,
                hash,
                object,
                CREATED,
                model(),
                choices,
                request.promptTokens(),
                completion,
                request.promptTokens() + completion));
  }

  private MockAnswer response() {
    boolean whole = finish(0).equals("stop");
    return answer(
        1,
        "{\"id\":\"resp_%s\",\"object\":\"response\",\"created_at\":%d,\"status\":\"%s\",\"incomplete_details\":%s,\"model\":%s,\"output\":[{\"type\":\"message\",\"id\":\"msg_%s\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":%s,\"annotations\":[]}]}],\"usage\":{\"input_tokens\":%d,\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":%d,\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":%d}}"
            .formatted(
                hash,
                CREATED,
                whole ? "completed" : "incomplete",
                whole ? "null" : "{\"reason\":\"max_output_tokens\"}",
                model(),
                hash,
                Json.quote(words(0)),
                request.promptTokens(),
                tokens(0),
                request.promptTokens() + tokens(0)));
  }

  private MockAnswer embeddings() {
    String data =
        each(
            request.inputs(),
            i ->
                "{\"object\":\"embedding\",\"index\":%d,\"embedding\":%s}"
                    .formatted(i, request.base64() ? inBase64(vector(i)) : inDecimals(vector(i))));
    return answer(
        0,
        "{\"object\":\"list\",\"data\":[%s],\"model\":%s,\"usage\":{\"prompt_tokens\":%d,\"total_tokens\":%d}}"
            .formatted(data, model(), request.promptTokens(), request.promptTokens()));
  }

  private MockAnswer moderation() {
    String results =
        each(
            request.inputs(),
            i ->
                "{\"flagged\":%b,\"categories\":{\"violence\":%b},\"category_scores\":{\"violence\":%s}}"
                    .formatted(score(i) > 0.5, score(i) > 0.5, decimal(score(i))));
    return answer(
        0, "{\"id\":\"modr-%s\",\"model\":%s,\"results\":[%s]}".formatted(hash, model(), results));
  }

  /** The best first. */
  private MockAnswer rerank() {
    String results =
        IntStream.range(0, request.inputs())
            .boxed()
            .sorted(Comparator.<Integer>comparingDouble(this::score).reversed())
            .limit(request.topN() == 0 ? request.inputs() : request.topN())
            .map(i -> "{\"index\":%d,\"relevance_score\":%s}".formatted(i, decimal(score(i))))
            .collect(Collectors.joining(","));
    return answer(
        0,
        "{\"id\":\"rerank-%s\",\"model\":%s,\"usage\":{\"total_tokens\":%d},\"results\":[%s]}"
            .formatted(hash, model(), request.promptTokens(), results));
  }

  private MockAnswer score() {
    String data =
        each(
            request.inputs(),
            i ->
                "{\"index\":%d,\"object\":\"score\",\"score\":%s}".formatted(i, decimal(score(i))));
    return answer(
        0,
        "{\"id\":\"score-%s\",\"object\":\"list\",\"created\":%d,\"model\":%s,\"data\":[%s],\"usage\":{\"prompt_tokens\":%d,\"total_tokens\":%d,\"completion_tokens\":0}}"
            .formatted(
                hash, CREATED, model(), data, request.promptTokens(), request.promptTokens()));
  }

  private MockAnswer answer(int texts, String body) {
    return new MockAnswer(
        body.getBytes(UTF_8),
        IntStream.range(0, texts).map(this::tokens).sum(),
        IntStream.range(0, texts).map(this::tokens).max().orElse(0));
  }

  private String model() {
    return Json.quote(request.model());
  }

  private static String each(int count, IntFunction<String> text) {
    return IntStream.range(0, count).mapToObj(text).collect(Collectors.joining(","));
  }

  private SplittableRandom random(int index) {
    return new SplittableRandom(hash.value() + index);
  }

  /** How many tokens the answer would have if nothing cut it. */
  private int wantedTokens(int index) {
    return request.ignoresEnd() && request.tokensMax() > 0
        ? request.tokensMax()
        : random(index).nextInt(lengths.min(), lengths.max() + 1);
  }

  private int tokens(int index) {
    int wanted = wantedTokens(index);
    return request.tokensMax() > 0 ? Math.min(wanted, request.tokensMax()) : wanted;
  }

  private String finish(int index) {
    boolean cut = request.ignoresEnd() || wantedTokens(index) > tokens(index);
    return cut && request.tokensMax() > 0 ? "length" : "stop";
  }

  private String words(int index) {
    return random(index)
        .ints(tokens(index), 0, WORDS.size())
        .mapToObj(WORDS::get)
        .collect(Collectors.joining(" "));
  }

  private double score(int index) {
    return random(index).nextDouble();
  }

  private static String decimal(double score) {
    return String.format(Locale.ROOT, "%.6f", score);
  }

  /** Of length one. */
  private float[] vector(int index) {
    int dimensions = request.dimensions() > 0 ? request.dimensions() : DIMENSIONS;
    double[] values = random(index).doubles(dimensions, -1, 1).toArray();
    double squares = 0;
    for (double value : values) {
      squares += value * value;
    }
    float[] vector = new float[dimensions];
    for (int i = 0; i < dimensions; i++) {
      vector[i] = (float) (values[i] / Math.sqrt(squares));
    }
    return vector;
  }

  private static String inDecimals(float[] vector) {
    StringBuilder text = new StringBuilder(vector.length * 13).append('[');
    for (int i = 0; i < vector.length; i++) {
      text.append(i == 0 ? "" : ",").append(vector[i]);
    }
    return text.append(']').toString();
  }

  private static String inBase64(float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return '"' + Base64.getEncoder().encodeToString(bytes.array()) + '"';
  }
}
