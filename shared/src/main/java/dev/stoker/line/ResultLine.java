package dev.stoker.line;

import dev.stoker.batch.BatchId;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Writes the lines of result files in OpenAI's envelope: exactly one of {@code response} and {@code
 * error} is non-null, and an answer's body is an object, byte for byte the engine's.
 */
public final class ResultLine {
  private static final byte[] TAIL = "},\"error\":null}".getBytes(StandardCharsets.UTF_8);

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
    byte[] head =
        (head(id, customIdJson)
                + "{\"status_code\":"
                + status
                + ",\"request_id\":\"req_"
                + id
                + "\",\"body\":")
            .getBytes(StandardCharsets.UTF_8);
    byte[] whole = Arrays.copyOf(head, head.length + body.length + TAIL.length);
    for (int i = 0; i < body.length; i++) {
      boolean breaks = body[i] == '\n' || body[i] == '\r';
      whole[head.length + i] = breaks ? (byte) ' ' : body[i];
    }
    System.arraycopy(TAIL, 0, whole, head.length + body.length, TAIL.length);
    return whole;
  }

  /** A line for a request that has no answer. */
  public static byte[] unanswered(
      BatchId batch, int line, String customIdJson, String code, String message) {
    String whole =
        head(id(batch, line), customIdJson)
            + "null,\"error\":{\"code\":"
            + Json.quote(code)
            + ",\"message\":"
            + Json.quote(message)
            + "}}";
    return whole.getBytes(StandardCharsets.UTF_8);
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
}
