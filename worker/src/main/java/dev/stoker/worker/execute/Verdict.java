package dev.stoker.worker.execute;

import java.time.Duration;

/** What becomes of a line after an engine's reply. */
sealed interface Verdict {

  /** The answer is stored: in the output file if it succeeded, else in the error file. */
  record Answer(boolean succeeded) implements Verdict {}

  /** There is no answer to store; the error file says why. */
  record NoAnswer(String code, String message) implements Verdict {}

  /** The line is run again, and this try counts. */
  record RetryAfter(Duration delay) implements Verdict {}

  /** The line is run again; the engine was busy or away, so that no try counts. */
  record Wait(Duration delay) implements Verdict {}

  /** The line is a suspect from now on, and is run again apart from the others; no try counts. */
  record Strike(String reason) implements Verdict {}
}
