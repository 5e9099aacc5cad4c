package dev.stoker.api.ending;

import dev.stoker.batch.BatchStatus;
import java.util.Optional;

/** Why a request ended without having been run, as its error line says. */
record NotRun(String code, String message) {

  static final NotRun UNREADABLE =
      new NotRun(
          "internal_error",
          "This request could not be executed: this version of the server does not understand the"
              + " line any more.");

  private static final NotRun CANCELLED =
      new NotRun(
          "batch_cancelled", "This request was not executed because the batch was cancelled.");

  private static final NotRun EXPIRED =
      new NotRun(
          "batch_expired",
          "This request could not be executed before the completion window expired.");

  private static final NotRun DEADLY =
      new NotRun(
          "engine_crash",
          "This request could not be executed: workers kept dying while they ran this part of the"
              + " batch.");

  /**
   * Why a shard is unwanted.
   *
   * @param status of its batch
   * @param failure why its model could not be loaded, if it is quarantined
   */
  static NotRun of(BatchStatus status, Optional<String> failure) {
    return switch (status) {
      case CANCELLING, CANCELLED -> CANCELLED;
      case FINALIZING, EXPIRED -> EXPIRED;
      case VALIDATING, IN_PROGRESS, COMPLETED, FAILED ->
          failure.map(NotRun::quarantined).orElse(DEADLY);
    };
  }

  private static NotRun quarantined(String failure) {
    return new NotRun(
        "model_quarantined",
        "This request could not be executed: its model could not be loaded: " + failure);
  }
}
