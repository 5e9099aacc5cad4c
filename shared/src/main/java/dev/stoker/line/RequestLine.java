package dev.stoker.line;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/**
 * A valid input line. Its body stays where it is: a range of the bytes that were checked.
 *
 * @param customId the client's key, decoded
 * @param customIdJson the same as the client wrote it, quotes included
 * @param url the endpoint that the line names
 * @param model the body's {@code model}
 * @param tokensMax how many tokens the answer may have; 0 if it does not say
 * @param bodyOffset where the body's object begins in the checked array
 * @param bodyLength how many bytes it has
 */
public record RequestLine(
    String customId,
    String customIdJson,
    String url,
    String model,
    int tokensMax,
    int bodyOffset,
    int bodyLength) {

  /**
   * 128 bits of the custom_id's SHA-256. Equal ids have equal digests; nobody can make two
   * different ids collide.
   */
  public UUID customIdDigest() {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(customId.getBytes(StandardCharsets.UTF_8));
      ByteBuffer bytes = ByteBuffer.wrap(digest);
      return new UUID(bytes.getLong(), bytes.getLong());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
