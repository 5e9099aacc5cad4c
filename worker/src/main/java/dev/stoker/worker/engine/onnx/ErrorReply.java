package dev.stoker.worker.engine.onnx;

import java.util.Optional;

/** An answer that is OpenAI's error envelope. */
record ErrorReply(
    int status, String type, String message, Optional<String> param, Optional<String> code) {

  /** The request cannot be served as it is. */
  static ErrorReply invalid(String message, String param) {
    return new ErrorReply(
        400, "invalid_request_error", message, Optional.of(param), Optional.empty());
  }

  static ErrorReply notJson() {
    return new ErrorReply(
        400,
        "invalid_request_error",
        "The request body is not a JSON object.",
        Optional.empty(),
        Optional.empty());
  }

  static ErrorReply modelNotFound(String model) {
    return new ErrorReply(
        404,
        "invalid_request_error",
        "The model '" + model + "' does not exist.",
        Optional.of("model"),
        Optional.of("model_not_found"));
  }

  static ErrorReply endpointNotSupported(String model, String endpoint) {
    return new ErrorReply(
        404,
        "invalid_request_error",
        "The model '" + model + "' is not served at " + endpoint + " but at /v1/embeddings.",
        Optional.of("url"),
        Optional.of("unsupported_endpoint"));
  }

  /** The engine broke; the same request may succeed later. */
  static ErrorReply broken(String reason) {
    return new ErrorReply(500, "server_error", reason, Optional.empty(), Optional.empty());
  }
}
