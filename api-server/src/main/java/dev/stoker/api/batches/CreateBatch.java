package dev.stoker.api.batches;

import dev.stoker.api.error.ApiErrors;
import dev.stoker.batch.Endpoint;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * What a client asks for, judged by what OpenAI answers to the same faults. Pure. Keys that it does
 * not know are passed over.
 *
 * @param inputFileId as the client wrote it
 * @param metadata the client's object as JSON, or null
 * @param outputExpiresAfterSeconds how long result files are kept, or null
 * @param priority smaller is earlier; Stoker's own
 */
record CreateBatch(
    String inputFileId,
    Endpoint endpoint,
    String completionWindow,
    Duration window,
    String metadata,
    Integer outputExpiresAfterSeconds,
    short priority) {

  private static final int FILE_ID_CHARS_MAX = 256;
  private static final int METADATA_PAIRS_MAX = 16;
  private static final int METADATA_KEY_CHARS_MAX = 64;
  private static final int METADATA_VALUE_CHARS_MAX = 512;
  private static final int KEPT_SECONDS_MIN = 3_600;
  private static final int KEPT_SECONDS_MAX = 2_592_000;
  private static final int PRIORITY_MAX = 100;
  private static final Pattern WINDOW = Pattern.compile("(\\d{1,6})([mhd])");
  private static final Duration WINDOW_MAX = Duration.ofDays(30);

  /**
   * @throws dev.stoker.api.error.ApiException naming the first fault
   */
  static CreateBatch of(JsonNode body) {
    if (!body.isObject()) {
      throw ApiErrors.unparseableBody();
    }
    String file = requiredText(body, "input_file_id");
    if (file.length() > FILE_ID_CHARS_MAX) {
      throw ApiErrors.tooLong("input_file_id", FILE_ID_CHARS_MAX, file.length());
    }
    if (file.indexOf('\0') >= 0) {
      throw ApiErrors.invalidValue("input_file_id", "it contains a NUL.");
    }
    Endpoint endpoint = endpoint(requiredText(body, "endpoint"));
    String window = requiredText(body, "completion_window");
    return new CreateBatch(
        file,
        endpoint,
        window,
        duration(window),
        metadata(body.path("metadata")),
        keptSeconds(body.path("output_expires_after")),
        (short) integer(body.path("priority"), "priority", 0, -PRIORITY_MAX, PRIORITY_MAX));
  }

  private static String requiredText(JsonNode body, String param) {
    JsonNode value = body.path(param);
    if (value.isMissingNode()) {
      throw ApiErrors.missing(param);
    }
    if (!value.isString()) {
      throw ApiErrors.wrongType(param, "a string", kind(value));
    }
    return value.stringValue();
  }

  private static Endpoint endpoint(String url) {
    return Endpoint.ofUrl(url)
        .orElseThrow(
            () ->
                ApiErrors.unsupportedValue(
                    "endpoint", url, Arrays.stream(Endpoint.values()).map(Endpoint::url).toList()));
  }

  /** OpenAI takes 24h only. */
  private static Duration duration(String window) {
    Matcher parts = WINDOW.matcher(window);
    if (parts.matches()) {
      long amount = Long.parseLong(parts.group(1));
      Duration length =
          switch (parts.group(2)) {
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            default -> Duration.ofDays(amount);
          };
      if (length.isPositive() && length.compareTo(WINDOW_MAX) <= 0) {
        return length;
      }
    }
    throw ApiErrors.unsupportedValue("completion_window", window, List.of("24h"));
  }

  private static String metadata(JsonNode metadata) {
    if (metadata.isMissingNode() || metadata.isNull()) {
      return null;
    }
    if (!metadata.isObject()) {
      throw ApiErrors.wrongType("metadata", "an object", kind(metadata));
    }
    if (metadata.size() > METADATA_PAIRS_MAX) {
      throw ApiErrors.tooManyProperties("metadata", METADATA_PAIRS_MAX, metadata.size());
    }
    metadata.properties().forEach(CreateBatch::checkPair);
    return metadata.toString();
  }

  private static void checkPair(Map.Entry<String, JsonNode> pair) {
    String key = pair.getKey();
    if (length(key) > METADATA_KEY_CHARS_MAX) {
      throw ApiErrors.propertyNameTooLong("metadata", METADATA_KEY_CHARS_MAX, length(key));
    }
    String param = "metadata." + key;
    if (!pair.getValue().isString()) {
      throw ApiErrors.wrongType(param, "a string", kind(pair.getValue()));
    }
    int chars = length(pair.getValue().stringValue());
    if (chars > METADATA_VALUE_CHARS_MAX) {
      throw ApiErrors.tooLong(param, METADATA_VALUE_CHARS_MAX, chars);
    }
  }

  /** As a person counts, not as UTF-16 does. */
  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  private static Integer keptSeconds(JsonNode policy) {
    String param = "output_expires_after";
    if (policy.isMissingNode() || policy.isNull()) {
      return null;
    }
    if (!policy.isObject()) {
      throw ApiErrors.wrongType(param, "an object", kind(policy));
    }
    if (policy.path("anchor").isMissingNode()) {
      throw ApiErrors.missing(param + ".anchor");
    }
    if (policy.path("seconds").isMissingNode()) {
      throw ApiErrors.missing(param + ".seconds");
    }
    if (!policy.path("anchor").isString()) {
      throw ApiErrors.wrongType(param + ".anchor", "a string", kind(policy.path("anchor")));
    }
    if (!policy.path("anchor").stringValue().equals("created_at")) {
      throw ApiErrors.unsupportedValue(
          param + ".anchor", policy.path("anchor").stringValue(), List.of("created_at"));
    }
    if (policy.path("seconds").isNull()) {
      throw ApiErrors.wrongType(param + ".seconds", "an integer", "null");
    }
    return integer(
        policy.path("seconds"), param + ".seconds", 0, KEPT_SECONDS_MIN, KEPT_SECONDS_MAX);
  }

  private static int integer(JsonNode value, String param, int fallback, int min, int max) {
    if (value.isMissingNode() || value.isNull()) {
      return fallback;
    }
    if (!value.isIntegralNumber()) {
      throw ApiErrors.wrongType(param, "an integer", kind(value));
    }
    long number = value.canConvertToLong() ? value.longValue() : Long.MAX_VALUE;
    if (number < min) {
      throw ApiErrors.belowMin(param, min, number);
    }
    if (number > max) {
      throw ApiErrors.aboveMax(param, max, number);
    }
    return (int) number;
  }

  /** What a value is, in OpenAI's words. */
  private static String kind(JsonNode value) {
    return switch (value.getNodeType()) {
      case ARRAY -> "an array";
      case OBJECT -> "an object";
      case BOOLEAN -> "a boolean";
      case NUMBER -> value.isIntegralNumber() ? "an integer" : "a decimal";
      case STRING -> "a string";
      case NULL -> "null";
      case BINARY, MISSING, POJO -> "something else";
    };
  }
}
