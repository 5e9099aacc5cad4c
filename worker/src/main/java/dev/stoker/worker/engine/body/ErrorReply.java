package dev.stoker.worker.engine.body;

import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.TokenUsage;
import java.io.ByteArrayOutputStream;
import java.util.Collection;
import java.util.Optional;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** An answer that is OpenAI's error envelope. */
public record ErrorReply(
    int status, String type, String message, Optional<String> param, Optional<String> code) {
  private static final JsonFactory JSON = new JsonFactory();
  private static final String INVALID = "invalid_request_error";

  /** The request cannot be served as it is. */
  public static ErrorReply invalid(String message, String param) {
    return new ErrorReply(400, INVALID, message, Optional.of(param), Optional.empty());
  }

  public static ErrorReply notJson() {
    return new ErrorReply(
        400, INVALID, "The request body is not a JSON object.", Optional.empty(), Optional.empty());
  }

  public static ErrorReply modelNotFound(String model) {
    return new ErrorReply(
        404,
        INVALID,
        "The model '" + model + "' does not exist.",
        Optional.of("model"),
        Optional.of("model_not_found"));
  }

  /**
   * @param served the endpoints where the model is served
   */
  public static ErrorReply endpointNotSupported(
      String model, String endpoint, Collection<String> served) {
    return new ErrorReply(
        404,
        INVALID,
        "The model '"
            + model
            + "' is not served at "
            + endpoint
            + " but at "
            + String.join(" and ", served)
            + ".",
        Optional.of("url"),
        Optional.of("unsupported_endpoint"));
  }

  /** More tokens than the model can read. */
  public static ErrorReply contextLengthExceeded(int tokens, int tokensMax, String param) {
    return new ErrorReply(
        400,
        INVALID,
        "This model reads at most " + tokensMax + " tokens, and the request has " + tokens + ".",
        Optional.of(param),
        Optional.of("context_length_exceeded"));
  }

  /** The engine broke; the same request may succeed later. */
  public static ErrorReply broken(String reason) {
    return new ErrorReply(500, "server_error", reason, Optional.empty(), Optional.empty());
  }

  /** This as what an engine answers; it cost no tokens. */
  public EngineReply answered() {
    return new EngineReply.Answered(status, body(), TokenUsage.NONE, Optional.empty());
  }

  /** The envelope. */
  public byte[] body() {
    var bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
      json.writeStartObject();
      json.writeObjectPropertyStart("error");
      json.writeStringProperty("message", message);
      json.writeStringProperty("type", type);
      json.writeStringProperty("param", param.orElse(null));
      json.writeStringProperty("code", code.orElse(null));
      json.writeEndObject();
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }
}
