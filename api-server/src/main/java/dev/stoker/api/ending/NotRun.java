package dev.stoker.api.ending;

import dev.stoker.batch.BatchStatus;

/** Why a request ended without having been run, as its error line says. */
enum NotRun {
  CANCELLED("batch_cancelled", "This request was not executed because the batch was cancelled."),
  EXPIRED(
      "batch_expired", "This request could not be executed before the completion window expired."),
  DEADLY(
      "engine_crash",
      "This request could not be executed: workers kept dying while they ran this part of the"
          + " batch."),
  UNREADABLE(
      "internal_error",
      "This request could not be executed: this version of the server does not understand the line"
          + " any more.");

  private final String code;
  private final String message;

  NotRun(String code, String message) {
    this.code = code;
    this.message = message;
  }

  String code() {
    return code;
  }

  String message() {
    return message;
  }

  /** Why a shard of a batch in this status is unwanted. */
  static NotRun of(BatchStatus status) {
    return switch (status) {
      case CANCELLING, CANCELLED -> CANCELLED;
      case FINALIZING, EXPIRED -> EXPIRED;
      case VALIDATING, IN_PROGRESS, COMPLETED, FAILED -> DEADLY;
    };
  }
}
