package dev.stoker.worker.engine.openai;

import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/** Reads the JSON of requests and answers without building it up. */
final class OpenAiJson {

  /** An answer may hold one long text, such as an embedding in base64. */
  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(TokenStreamFactory.Feature.CHARSET_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(500)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNumberLength(1000)
                  .build())
          .build();

  private static final long COUNT_MAX = 1_000_000_000;

  private OpenAiJson() {}

  /** The number at which a parser stands; 0 for anything else, and nothing absurd. */
  static long count(JsonParser parser) {
    if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT) {
      return Math.clamp((long) parser.getDoubleValue(), 0, COUNT_MAX);
    }
    parser.skipChildren();
    return 0;
  }
}
