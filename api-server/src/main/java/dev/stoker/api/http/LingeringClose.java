package dev.stoker.api.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/**
 * Answers a client that is still sending. If the server closed the connection at once, the network
 * would throw the answer away together with what is yet unread, and the client would see a broken
 * connection instead of the reason. So it goes on reading for a while after it has answered.
 */
public final class LingeringClose {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int CHUNK_BYTES = 64 * 1024;

  private LingeringClose() {}

  /** Sends what has been written so far, then drops what the client still sends. */
  public static void drain(HttpServletRequest request, HttpServletResponse response) {
    try {
      response.flushBuffer();
      InputStream body = request.getInputStream();
      byte[] chunk = new byte[CHUNK_BYTES];
      long start = System.nanoTime();
      while (body.read(chunk) >= 0 && System.nanoTime() - start < PATIENCE.toNanos()) {
        // It has its answer; the rest of its request is nobody's business.
      }
    } catch (IOException _) {
      // It has hung up, as it should.
    }
  }
}
