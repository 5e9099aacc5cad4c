package dev.stoker.worker.engine.openai;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.line.Json;
import java.util.OptionalLong;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/**
 * What must be known of a request's body, found in one pass.
 *
 * @param modelOffset where the value of {@code model} begins, its quote included; -1 if there is
 *     none
 * @param modelEnd where that value ends
 * @param tokensMax the most tokens that may be generated for it, if it says so
 */
record RequestFacts(int modelOffset, int modelEnd, OptionalLong tokensMax) {
  private static final RequestFacts NONE = new RequestFacts(-1, -1, OptionalLong.empty());

  /** Pure; of a body that is no JSON object nothing is known. */
  static RequestFacts of(byte[] body) {
    try (JsonParser parser =
        OpenAiJson.FACTORY.createParser(ObjectReadContext.empty(), body, 0, body.length)) {
      return parser.nextToken() == JsonToken.START_OBJECT ? read(parser) : NONE;
    } catch (JacksonException e) {
      return NONE;
    }
  }

  private static RequestFacts read(JsonParser parser) {
    int modelOffset = -1;
    int modelEnd = -1;
    long tokensMax = -1;
    long choices = 1;
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      switch (name) {
        case "model" -> {
          modelOffset = (int) parser.currentTokenLocation().getByteOffset();
          parser.skipChildren();
          parser.finishToken();
          modelEnd = (int) parser.currentLocation().getByteOffset();
        }
        case "max_tokens", "max_completion_tokens", "max_output_tokens" ->
            tokensMax = Math.max(tokensMax, OpenAiJson.count(parser));
        case "n", "best_of" -> choices = Math.max(choices, OpenAiJson.count(parser));
        default -> parser.skipChildren();
      }
    }
    OptionalLong tokens =
        tokensMax <= 0
            ? OptionalLong.empty()
            : OptionalLong.of(Math.multiplyExact(tokensMax, choices));
    return new RequestFacts(modelOffset, modelEnd, tokens);
  }

  /** The same body, byte for byte, but for another name of the model. */
  byte[] withModel(byte[] body, String model) {
    if (modelOffset < 0) {
      return body;
    }
    byte[] name = Json.quote(model).getBytes(UTF_8);
    byte[] changed = new byte[body.length - (modelEnd - modelOffset) + name.length];
    System.arraycopy(body, 0, changed, 0, modelOffset);
    System.arraycopy(name, 0, changed, modelOffset, name.length);
    System.arraycopy(body, modelEnd, changed, modelOffset + name.length, body.length - modelEnd);
    return changed;
  }
}
