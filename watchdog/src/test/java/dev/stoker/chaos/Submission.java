package dev.stoker.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.engine.mock.MockAnswers;
import dev.stoker.line.Json;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Random;

/**
 * A batch that a client wants: everything about it follows from these, so that nothing needs to be
 * kept. No request is like any other of the run.
 *
 * @param tag names it, in its metadata and in its lines
 * @param broken whether its file is one that must be refused
 */
record Submission(String tag, long seed, int lines, String endpoint, boolean broken) {
  private static final List<String> ENDPOINTS =
      List.of(
          "/v1/chat/completions",
          "/v1/chat/completions",
          "/v1/completions",
          "/v1/embeddings",
          "/v1/responses",
          "/v1/moderations",
          "/v1/rerank",
          "/v1/score");

  private static final List<String> TEXTS =
      List.of(
          "coal", "Kohle für den Kessel", "石炭", "🔥🔥", "a \"draught\"", "C:\\ash", "x", "heat");

  private static final int LONG_TEXT = 4_000;

  /** Most are small, some are large. */
  static Submission random(String tag, Random random) {
    int dice = random.nextInt(100);
    int lines =
        dice < 35
            ? 1
            : dice < 65
                ? random.nextInt(2, 50)
                : dice < 92 ? random.nextInt(100, 900) : random.nextInt(1_500, 5_000);
    return new Submission(
        tag,
        random.nextLong(),
        lines,
        ENDPOINTS.get(random.nextInt(ENDPOINTS.size())),
        random.nextInt(40) == 0);
  }

  String customId(int line) {
    return tag + "-" + line;
  }

  /** The file: the last line of a broken one says nothing. */
  byte[] file() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int line = 0; line < lines; line++) {
      out.writeBytes(
          "{\"custom_id\":%s,\"method\":\"POST\",\"url\":\"%s\",\"body\":%s}\n"
              .formatted(Json.quote(customId(line)), endpoint, body(line))
              .getBytes(UTF_8));
    }
    if (broken) {
      out.writeBytes("{\"custom_id\":\"broken\"}\n".getBytes(UTF_8));
    }
    return out.toByteArray();
  }

  String body(int line) {
    String text = Json.quote(text(line));
    return switch (endpoint) {
      case "/v1/chat/completions" ->
          "{\"model\":\"mock\",\"messages\":[{\"role\":\"user\",\"content\":%s}],\"max_tokens\":48}"
              .formatted(text);
      case "/v1/completions" ->
          "{\"model\":\"mock\",\"prompt\":%s,\"max_tokens\":32}".formatted(text);
      case "/v1/embeddings" ->
          "{\"model\":\"mock\",\"input\":%s,\"dimensions\":16}".formatted(text);
      case "/v1/rerank" ->
          "{\"model\":\"mock\",\"query\":%s,\"documents\":[\"a\",\"b\",\"c\"]}".formatted(text);
      case "/v1/score" -> "{\"model\":\"mock\",\"text_1\":%s,\"text_2\":\"fire\"}".formatted(text);
      default -> "{\"model\":\"mock\",\"input\":%s}".formatted(text);
    };
  }

  private String text(int line) {
    Random random = new Random(seed + line);
    String text = TEXTS.get(random.nextInt(TEXTS.size()));
    return customId(line) + ' ' + (random.nextInt(200) == 0 ? text.repeat(LONG_TEXT) : text);
  }

  byte[] request(int line) {
    return body(line).getBytes(UTF_8);
  }

  /** What the engine says to a line, whoever asks and how often. */
  byte[] answer(int line) {
    return MockAnswers.of(endpoint, request(line));
  }
}
