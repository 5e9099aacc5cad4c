package dev.stoker.worker.engine;

import java.time.Duration;
import java.util.Optional;

/** How an engine ended one request. */
public sealed interface EngineReply {

  /**
   * The engine answered, for better or worse.
   *
   * @param status the HTTP status of the answer; 429 and 503 say that it is busy, not that the
   *     request is bad
   * @param body the answer's bytes, stored untouched; for a 4xx or 5xx OpenAI's error envelope
   * @param usage the tokens that the request cost
   * @param retryAfter what the engine asked to wait before a retry, for 429 and 503
   */
  record Answered(int status, byte[] body, TokenUsage usage, Optional<Duration> retryAfter)
      implements EngineReply {}

  /** No answer within the deadline. */
  record TimedOut() implements EngineReply {}

  /**
   * There was an answer that nobody can use, such as half of one, or a connection that broke while
   * the engine lives on. The request may be to blame.
   */
  record Unusable(String reason) implements EngineReply {}

  /** The engine cannot be reached; it never had the request, which is not to blame. */
  record Unreachable(String reason) implements EngineReply {}

  /**
   * The engine died with the request in flight, which may have killed it, as may any other that was
   * in flight.
   */
  record Lost(String reason) implements EngineReply {}
}
