import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** A batch as the server describes it. */
record Batch(
    String id,
    String status,
    Counts counts,
    Optional<String> outputFile,
    Optional<String> errorFile,
    long tokens,
    List<String> errors) {
  private static final Set<String> ENDED = Set.of("completed", "failed", "expired", "cancelled");

  record Counts(long total, long completed, long failed) {
    long done() {
      return completed + failed;
    }
  }

  static Batch of(JsonNode json) {
    JsonNode counts = json.path("request_counts");
    return new Batch(
        json.path("id").asString(),
        json.path("status").asString(),
        new Counts(
            counts.path("total").asLong(0),
            counts.path("completed").asLong(0),
            counts.path("failed").asLong(0)),
        text(json, "output_file_id"),
        text(json, "error_file_id"),
        json.path("usage").path("total_tokens").asLong(0),
        json.path("errors").path("data").valueStream().map(Batch::error).toList());
  }

  boolean ended() {
    return ENDED.contains(status);
  }

  private static Optional<String> text(JsonNode json, String field) {
    return json.path(field).isString() ? Optional.of(json.get(field).asString()) : Optional.empty();
  }

  private static String error(JsonNode error) {
    String where = error.path("line").isNumber() ? "line " + error.path("line").asInt() + ": " : "";
    return where
        + error.path("message").asString("")
        + " ("
        + error.path("code").asString("")
        + ")";
  }
}
