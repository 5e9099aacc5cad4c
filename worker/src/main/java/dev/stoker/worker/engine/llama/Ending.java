package dev.stoker.worker.engine.llama;

import dev.stoker.worker.engine.body.ErrorReply;

/** How one task ended. */
sealed interface Ending {

  /** The model has written. */
  record Written(Answer answer) implements Ending {}

  /** The vector, of length 1, and how many tokens the text had. */
  record Embedded(float[] vector, int tokens) implements Ending {}

  /** The request cannot be served. */
  record Refused(ErrorReply error) implements Ending {}

  /** The engine was closed, or never came up. */
  record Stopped(String reason) implements Ending {}

  /** The model broke while it worked on this task, among others. */
  record Broken(String reason) implements Ending {}
}
