package dev.stoker.line;

/**
 * Why an input line is no valid request, as it appears in a batch's {@code errors}.
 *
 * @param param the offending member, dotted into the line's object, or an empty string
 */
public record LineFault(String code, String message, String param) {

  static LineFault notJson() {
    return new LineFault("invalid_json_line", "This line is not parseable as valid JSON.", "");
  }

  static LineFault missing(String key) {
    return new LineFault(
        "missing_required_parameter", "Missing required parameter: '" + key + "'.", key);
  }

  static LineFault wrongType(String key, String expected) {
    return new LineFault(
        "invalid_type", "Invalid type for '" + key + "': expected " + expected + ".", key);
  }

  /** A line whose url is not its batch's endpoint. */
  public static LineFault wrongUrl() {
    return new LineFault(
        "invalid_url",
        "The URL provided for this request does not match the batch endpoint.",
        "url");
  }

  /** A line whose model no worker serves. */
  public static LineFault unknownModel(String model) {
    return new LineFault(
        "model_not_found",
        "The provided model '" + model + "' is not supported by the Batch API.",
        "body.model");
  }

  /**
   * A line whose model could not be loaded.
   *
   * @param reason why, a sentence
   */
  public static LineFault quarantinedModel(String model, String reason) {
    return new LineFault(
        "model_quarantined",
        "The model '"
            + model
            + "' is quarantined since it could not be loaded ("
            + reason
            + "). Mend what is wrong, then run: scripts/stoker models reset "
            + model,
        "body.model");
  }

  /** A line whose custom_id an earlier line of the file has. */
  public static LineFault duplicateCustomId() {
    return new LineFault(
        "duplicate_custom_id",
        "The custom_id for this request is a duplicate of another request. The custom_id parameter"
            + " must be unique for each request in a batch.",
        "custom_id");
  }
}
