package dev.stoker.engine.mock;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What a request's endpoint and the bytes of its body come down to: equal for equal requests. */
public record BodyHash(long value) {

  public static BodyHash of(String endpoint, byte[] body) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(endpoint.getBytes(UTF_8));
      digest.update((byte) '\n');
      return new BodyHash(ByteBuffer.wrap(digest.digest(body)).getLong());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Sixteen hexadecimal digits. */
  @Override
  public String toString() {
    return HexFormat.of().toHexDigits(value);
  }
}
