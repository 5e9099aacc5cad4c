package dev.stoker.worker.engine.openai;

import java.util.Set;

/** Whether a server takes requests. */
sealed interface Readiness {

  /**
   * It does.
   *
   * @param models that it lists; empty if it lists none
   */
  record Ready(Set<String> models) implements Readiness {}

  /** It does not, perhaps not yet. */
  record NotYet(String reason) implements Readiness {}

  /** It would, but not for us; the reason says what to change. */
  record Misconfigured(String reason) implements Readiness {}
}
