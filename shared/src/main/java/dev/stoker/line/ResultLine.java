package dev.stoker.line;

import dev.stoker.batch.BatchId;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Writes the lines of result files in OpenAI's envelope: exactly one of {@code response} and {@code
 * error} is non-null, and an answer's body is an object, byte for byte the engine's.
 */
public final class ResultLine {
  private ResultLine() {}

  /**
   * A line for an answer, good or bad.
   *
   * @param body the answer's JSON object; line breaks between its tokens become spaces, since a
   *     line must stay a line
   */
  public static byte[] answered(
      BatchId batch, int line, String customIdJson, int status, byte[] body) {
    String id = id(batch, line);
    var out = new ByteArrayOutputStream(body.length + 256);
    write(out, head(id, customIdJson));
    write(out, "{\"status_code\":" + status + ",\"request_id\":\"req_" + id + "\",\"body\":");
    out.writeBytes(onOneLine(body));
    write(out, "},\"error\":null}");
    return out.toByteArray();
  }

  private static byte[] onOneLine(byte[] body) {
    byte[] flat = body.clone();
    for (int i = 0; i < flat.length; i++) {
      if (flat[i] == '\n' || flat[i] == '\r') {
        flat[i] = ' ';
      }
    }
    return flat;
  }

  /** A line for a request that has no answer. */
  public static byte[] unanswered(
      BatchId batch, int line, String customIdJson, String code, String message) {
    var out = new ByteArrayOutputStream(256);
    write(out, head(id(batch, line), customIdJson));
    write(
        out,
        "null,\"error\":{\"code\":"
            + Json.quote(code)
            + ",\"message\":"
            + Json.quote(message)
            + "}}");
    return out.toByteArray();
  }

  private static String head(String id, String customIdJson) {
    return "{\"id\":\"batch_req_" + id + "\",\"custom_id\":" + customIdJson + ",\"response\":";
  }

  /** The same for every attempt of a line, unique among all lines of all batches. */
  private static String id(BatchId batch, int line) {
    HexFormat hex = HexFormat.of();
    return hex.toHexDigits(batch.value().getMostSignificantBits())
        + hex.toHexDigits(batch.value().getLeastSignificantBits())
        + hex.toHexDigits(line);
  }

  private static void write(ByteArrayOutputStream out, String text) {
    out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }
}
