package dev.stoker.worker.engine.openai;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.line.Json;

/**
 * A request so small that a working engine answers it at once. It goes to an endpoint that the
 * engine is known to be asked: nobody sees from outside which of them a model serves.
 */
record Canary(String endpoint, byte[] body) {

  /** Pure; for an endpoint of which nobody knows what it takes, a chat completion. */
  static Canary of(String endpoint, String model) {
    String head = "{\"model\":" + Json.quote(model) + ",";
    return switch (endpoint) {
      case "/v1/embeddings", "/v1/moderations" -> canary(endpoint, head + "\"input\":\"a\"}");
      case "/v1/responses" -> canary(endpoint, head + "\"input\":\"a\",\"max_output_tokens\":16}");
      case "/v1/completions" -> canary(endpoint, head + "\"prompt\":\"a\",\"max_tokens\":1}");
      case "/v1/rerank" -> canary(endpoint, head + "\"query\":\"a\",\"documents\":[\"a\"]}");
      case "/v1/score" -> canary(endpoint, head + "\"text_1\":\"a\",\"text_2\":\"a\"}");
      default ->
          canary(
              "/v1/chat/completions",
              head + "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"max_tokens\":1}");
    };
  }

  private static Canary canary(String endpoint, String body) {
    return new Canary(endpoint, body.getBytes(UTF_8));
  }
}
