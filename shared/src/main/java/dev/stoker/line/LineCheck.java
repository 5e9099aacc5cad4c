package dev.stoker.line;

import dev.stoker.batch.Endpoint;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/**
 * Judges one input line by what OpenAI's Batch API documents of it and what its recorded answers
 * show. Pure: any bytes get a verdict, none throws. What depends on the batch (its endpoint, the
 * models that are served, the other lines) is judged elsewhere.
 */
public final class LineCheck {
  /** Longer ones are no use to anybody and would weigh on every result. */
  static final int CUSTOM_ID_CHARS_MAX = 512;

  static final int NAME_CHARS_MAX = 256;

  private static final byte[] MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final JsonFactory json =
      JsonFactory.builder()
          .disable(TokenStreamFactory.Feature.CHARSET_DETECTION) // JSON lines are UTF-8
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(500)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  /**
   * Judges the line in {@code bytes[offset, offset + length)}, without its line end. A byte order
   * mark before it, which some editors write, is passed over.
   */
  public LineVerdict check(byte[] bytes, int offset, int length) {
    int mark = beginsWithMark(bytes, offset, length) ? MARK.length : 0;
    return checkUnmarked(bytes, offset + mark, length - mark);
  }

  private static boolean beginsWithMark(byte[] bytes, int offset, int length) {
    return length >= MARK.length
        && Arrays.equals(bytes, offset, offset + MARK.length, MARK, 0, MARK.length);
  }

  private LineVerdict checkUnmarked(byte[] bytes, int offset, int length) {
    try (JsonParser parser = json.createParser(ObjectReadContext.empty(), bytes, offset, length)) {
      Members members = new Members(bytes, offset);
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return new LineVerdict.Faulty(LineFault.notJson());
      }
      members.read(parser);
      if (parser.nextToken() != null) {
        return new LineVerdict.Faulty(LineFault.notJson());
      }
      return members.verdict();
    } catch (JacksonException e) {
      return new LineVerdict.Faulty(LineFault.notJson());
    }
  }

  /** What one pass over a line found. */
  private static final class Members {
    private final byte[] bytes;
    private final int offset;

    private final Text customId = new Text();
    private String customIdJson = "";
    private boolean customIdIsUtf8 = true;
    private final Text method = new Text();
    private final Text url = new Text();
    private JsonToken bodyToken;
    private int bodyOffset;
    private int bodyLength;
    private Text model = new Text();
    private int tokensMax;
    private boolean streams;
    private final Set<String> bodyFields = new HashSet<>();

    Members(byte[] bytes, int offset) {
      this.bytes = bytes;
      this.offset = offset;
    }

    void read(JsonParser parser) {
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        switch (name) {
          case "custom_id" -> readCustomId(parser);
          case "method" -> method.read(parser);
          case "url" -> url.read(parser);
          case "body" -> readBody(parser);
          default -> parser.skipChildren();
        }
      }
    }

    private void readCustomId(JsonParser parser) {
      int start = start(parser);
      customId.read(parser);
      int end = end(parser);
      customIdJson = new String(bytes, start, end - start, StandardCharsets.UTF_8);
      byte[] again = customIdJson.getBytes(StandardCharsets.UTF_8);
      customIdIsUtf8 = Arrays.equals(again, 0, again.length, bytes, start, end);
    }

    private void readBody(JsonParser parser) {
      bodyToken = parser.currentToken();
      bodyOffset = start(parser);
      bodyFields.clear();
      model = new Text();
      tokensMax = 0;
      streams = false;
      if (bodyToken == JsonToken.START_OBJECT) {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
          String name = parser.currentName();
          JsonToken value = parser.nextToken();
          bodyFields.add(name);
          switch (name) {
            case "model" -> model.read(parser);
            case "max_tokens", "max_completion_tokens", "max_output_tokens" -> readTokens(parser);
            case "stream" -> streams = value == JsonToken.VALUE_TRUE;
            default -> parser.skipChildren();
          }
        }
      } else {
        parser.skipChildren();
      }
      bodyLength = end(parser) - bodyOffset;
    }

    /** What is no such number is the engine's to refuse. */
    private void readTokens(JsonParser parser) {
      boolean small =
          parser.currentToken() == JsonToken.VALUE_NUMBER_INT
              && parser.getNumberType() == JsonParser.NumberType.INT;
      tokensMax = small ? Math.max(0, parser.getIntValue()) : 0;
      parser.skipChildren();
    }

    /** The parser counts from the beginning of the line, ranges count from that of the array. */
    private int start(JsonParser parser) {
      return offset + (int) parser.currentTokenLocation().getByteOffset();
    }

    private int end(JsonParser parser) {
      return offset + (int) parser.currentLocation().getByteOffset();
    }

    LineVerdict verdict() {
      if (!customIdIsUtf8) { // the parser lets some of it pass, the result file could not repeat it
        return new LineVerdict.Faulty(LineFault.notJson());
      }
      Optional<LineFault> fault =
          customId
              .fault("custom_id", CUSTOM_ID_CHARS_MAX)
              .or(() -> method.fault("method", NAME_CHARS_MAX))
              .or(() -> url.fault("url", NAME_CHARS_MAX))
              .or(this::bodyFault);
      return fault
          .<LineVerdict>map(LineVerdict.Faulty::new)
          .orElseGet(
              () ->
                  new LineVerdict.Valid(
                      new RequestLine(
                          customId.value,
                          customIdJson,
                          url.value,
                          model.value,
                          tokensMax,
                          bodyOffset,
                          bodyLength)));
    }

    private Optional<LineFault> bodyFault() {
      if (!method.value.equals("POST")) {
        return Optional.of(
            new LineFault(
                "invalid_value",
                "Invalid value: '" + method.value + "'. Supported values are: 'POST'.",
                "method"));
      }
      if (bodyToken == null) {
        return Optional.of(LineFault.missing("body"));
      }
      if (bodyToken != JsonToken.START_OBJECT) {
        return Optional.of(LineFault.wrongType("body", "an object"));
      }
      if (!model.seen || (model.isText && model.value.isEmpty())) {
        return Optional.of(
            new LineFault("invalid_request", "Model parameter is required.", "body.model"));
      }
      return model.fault("body.model", NAME_CHARS_MAX).or(this::streamFault).or(this::contentFault);
    }

    private Optional<LineFault> streamFault() {
      return streams
          ? Optional.of(
              new LineFault(
                  "streaming_unsupported",
                  "Streaming is not supported in the Batch API.",
                  "body.stream"))
          : Optional.empty();
    }

    private Optional<LineFault> contentFault() {
      return Endpoint.ofUrl(url.value)
          .flatMap(Endpoint::contentField)
          .filter(field -> !bodyFields.contains(field))
          .map(
              field ->
                  new LineFault(
                      "invalid_request",
                      capitalised(field) + " parameter is required.",
                      "body." + field));
    }

    private static String capitalised(String name) {
      return Character.toUpperCase(name.charAt(0)) + name.substring(1);
    }
  }

  /** A member that must be a short, printable string. */
  private static final class Text {
    private boolean seen;
    private boolean isText;
    private String value = "";

    void read(JsonParser parser) {
      seen = parser.currentToken() != JsonToken.VALUE_NULL;
      isText = parser.currentToken() == JsonToken.VALUE_STRING;
      if (isText) {
        value = parser.getString();
      } else {
        value = "";
        parser.skipChildren();
      }
    }

    Optional<LineFault> fault(String key, int charsMax) {
      if (!seen) {
        return Optional.of(LineFault.missing(key));
      }
      if (!isText) {
        return Optional.of(LineFault.wrongType(key, "a string"));
      }
      if (value.length() > charsMax) {
        return Optional.of(
            new LineFault(
                "string_above_max_length",
                "Invalid '" + key + "': longer than " + charsMax + " characters.",
                key));
      }
      return unprintable(key);
    }

    /** One plain loop: this runs for every text of every line of every upload. */
    private Optional<LineFault> unprintable(String key) {
      for (int i = 0; i < value.length(); i++) {
        char c = value.charAt(i);
        if (c == 0) {
          return invalid(key, "it contains a NUL.");
        }
        if (Character.isSurrogate(c)) {
          if (!Character.isHighSurrogate(c)
              || i + 1 == value.length()
              || !Character.isLowSurrogate(value.charAt(i + 1))) {
            return invalid(key, "it contains half of a surrogate pair.");
          }
          i++;
        }
      }
      return Optional.empty();
    }

    private static Optional<LineFault> invalid(String key, String why) {
      return Optional.of(new LineFault("invalid_value", "Invalid '" + key + "': " + why, key));
    }
  }
}
