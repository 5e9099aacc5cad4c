package dev.stoker.worker.engine.openai;

import dev.stoker.worker.engine.TokenUsage;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/** What must be known of an answer's body, found in one pass: that it is whole, and its usage. */
final class ReplyFacts {
  private long input;
  private long cached;
  private long output;
  private long reasoning;
  private long total;

  private ReplyFacts() {}

  /** The tokens that an answer names; empty if it is not one whole JSON object. */
  static Optional<TokenUsage> usage(byte[] body) {
    try (JsonParser parser =
        OpenAiJson.FACTORY.createParser(ObjectReadContext.empty(), body, 0, body.length)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return Optional.empty();
      }
      ReplyFacts facts = new ReplyFacts();
      facts.read(parser);
      return parser.nextToken() == null ? Optional.of(facts.usage()) : Optional.empty();
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  private void read(JsonParser parser) {
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      boolean usage = parser.currentName().equals("usage");
      JsonToken value = parser.nextToken();
      if (usage && value == JsonToken.START_OBJECT) {
        readUsage(parser);
      } else {
        parser.skipChildren();
      }
    }
  }

  /** As chat completions, completions and embeddings name them, and as responses do. */
  private void readUsage(JsonParser parser) {
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      switch (name) {
        case "prompt_tokens", "input_tokens" -> input = OpenAiJson.count(parser);
        case "completion_tokens", "output_tokens" -> output = OpenAiJson.count(parser);
        case "total_tokens" -> total = OpenAiJson.count(parser);
        case "prompt_tokens_details",
            "input_tokens_details",
            "completion_tokens_details",
            "output_tokens_details" -> {
          if (value == JsonToken.START_OBJECT) {
            readDetails(parser);
          } else {
            parser.skipChildren();
          }
        }
        default -> parser.skipChildren();
      }
    }
  }

  private void readDetails(JsonParser parser) {
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      switch (name) {
        case "cached_tokens" -> cached = OpenAiJson.count(parser);
        case "reasoning_tokens" -> reasoning = OpenAiJson.count(parser);
        default -> parser.skipChildren();
      }
    }
  }

  /** A reranker may name nothing but the total. */
  private TokenUsage usage() {
    long read = input == 0 && output == 0 ? total : input;
    return new TokenUsage(read, cached, output, reasoning);
  }
}
