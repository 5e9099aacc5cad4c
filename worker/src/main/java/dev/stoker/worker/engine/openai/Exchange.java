package dev.stoker.worker.engine.openai;

import java.time.Duration;
import java.util.Optional;

/** How one HTTP request to the engine ended. */
sealed interface Exchange {

  /**
   * A whole answer, as far as HTTP can tell.
   *
   * @param retryAfter what the server asks to wait before the same again
   */
  record Response(int status, byte[] body, Optional<Duration> retryAfter) implements Exchange {

    boolean succeeded() {
      return status >= 200 && status < 300;
    }

    /** It leads elsewhere, or asks who is there: more likely a wrong setting than the request. */
    boolean turnsAway() {
      return (status >= 300 && status < 400) || status == 401 || status == 403;
    }

    /** The server lives, but who should compute the answer does not. */
    boolean engineAway() {
      return status == 502 || status == 503 || status == 504;
    }
  }

  /** No connection came about, so the engine has not seen the request. */
  record NotReached(String reason) implements Exchange {}

  /**
   * The connection ended before the answer did.
   *
   * @param stale it had served others before and ended without a byte of an answer: the server had
   *     most likely closed it before the request came
   */
  record Broken(String reason, boolean stale) implements Exchange {}

  /** The answer is longer than it may be. */
  record TooLong(long bytesMax) implements Exchange {}

  /** Nothing came for as long as one was willing to wait. */
  record Late() implements Exchange {}
}
