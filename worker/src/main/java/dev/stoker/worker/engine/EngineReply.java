package dev.stoker.worker.engine;

import java.time.Duration;
import java.util.Optional;

/** How an engine ended one request. */
public sealed interface EngineReply {

  /**
   * The engine answered, for better or worse.
   *
   * @param status the HTTP status of the answer
   * @param body the answer's bytes, stored untouched; for a 4xx or 5xx OpenAI's error envelope
   * @param usage the tokens that the request cost
   * @param retryAfter what the engine asked to wait before a retry, for 429 and 503
   */
  record Answered(int status, byte[] body, TokenUsage usage, Optional<Duration> retryAfter)
      implements EngineReply {}

  /** No answer within the deadline. */
  record TimedOut() implements EngineReply {}

  /** The engine cannot be reached or has gone; no fault of the request. */
  record Unreachable(String reason) implements EngineReply {}
}
