package dev.stoker.health;

import java.time.Duration;

/** Whether new batches are taken. */
public sealed interface GateDecision {

  record Open() implements GateDecision {}

  /**
   * @param reason for the client, a sentence
   * @param retryAfter when it is worth asking again
   */
  record Closed(String reason, Duration retryAfter) implements GateDecision {}
}
