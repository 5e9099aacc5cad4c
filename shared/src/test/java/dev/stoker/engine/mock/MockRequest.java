package dev.stoker.engine.mock;

import java.util.Optional;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;

/**
 * What the mock engine reads of a request's body.
 *
 * @param model empty if the body names none
 * @param inputs texts, token lists or documents that are each answered by themselves; for the
 *     messages of a chat one
 * @param promptTokens what the mock counts as tokens: four characters of any text, or one number of
 *     a token list
 * @param tokensMax as the body limits its answer; 0 if it does not
 * @param ignoresEnd whether the answer is as long as it may be, vLLM's {@code ignore_eos}
 */
record MockRequest(
    String model,
    int inputs,
    int promptTokens,
    int tokensMax,
    int choices,
    int dimensions,
    int topN,
    boolean base64,
    boolean ignoresEnd) {

  private static final JsonFactory FACTORY = new JsonFactory();
  private static final int CHARACTERS_PER_TOKEN = 4;

  /** Empty unless the body is one JSON object. */
  static Optional<MockRequest> of(byte[] body) {
    Reading reading = new Reading();
    try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), body)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return Optional.empty();
      }
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String field = parser.currentName();
        parser.nextToken();
        reading.take(field, parser);
      }
      return parser.nextToken() == null ? Optional.of(reading.request()) : Optional.empty();
    } catch (StreamReadException | JacksonIOException e) {
      return Optional.empty();
    }
  }

  private static final class Reading {
    private String model = "";
    private int inputs;
    private int promptTokens;
    private int tokensMax;
    private int choices = 1;
    private int dimensions;
    private int topN;
    private boolean base64;
    private boolean ignoresEnd;

    void take(String field, JsonParser parser) {
      switch (field) {
        case "model" -> model = parser.getValueAsString("");
        case "max_tokens", "max_completion_tokens", "max_output_tokens" ->
            tokensMax = parser.getValueAsInt(0);
        case "n" -> choices = Math.max(1, parser.getValueAsInt(1));
        case "dimensions" -> dimensions = parser.getValueAsInt(0);
        case "top_n" -> topN = parser.getValueAsInt(0);
        case "encoding_format" -> base64 = parser.getValueAsString("").equals("base64");
        case "ignore_eos" -> ignoresEnd = parser.getValueAsBoolean(false);
        case "prompt", "input", "documents", "text_2" -> inputs += read(parser);
        case "messages" -> {
          read(parser);
          inputs = 1;
        }
        case "query", "text_1", "instructions" -> read(parser);
        default -> parser.skipChildren();
      }
      // What was no scalar is left behind, so that the next token is a field again.
      if (parser.currentToken().isStructStart()) {
        parser.skipChildren();
      }
    }

    /** Counts the tokens of a value and says how many inputs it is. */
    private int read(JsonParser parser) {
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        count(parser);
        return 1;
      }
      int elements = 0;
      boolean numbers = false;
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        numbers = parser.currentToken().isNumeric();
        elements++;
        count(parser);
      }
      return numbers ? 1 : elements;
    }

    private void count(JsonParser parser) {
      if (!parser.currentToken().isStructStart()) {
        countScalar(parser);
        return;
      }
      for (int depth = 1; depth > 0; ) {
        JsonToken token = parser.nextToken();
        depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        countScalar(parser);
      }
    }

    private void countScalar(JsonParser parser) {
      if (parser.currentToken() == JsonToken.VALUE_STRING) {
        promptTokens += Math.ceilDiv(parser.getStringLength(), CHARACTERS_PER_TOKEN);
      } else if (parser.currentToken().isNumeric()) {
        promptTokens++;
      }
    }

    MockRequest request() {
      return new MockRequest(
          model,
          Math.max(1, inputs),
          Math.max(1, promptTokens),
          tokensMax,
          choices,
          dimensions,
          topN,
          base64,
          ignoresEnd);
    }
  }
}
