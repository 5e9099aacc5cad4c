package dev.stoker.api.intake;

import dev.stoker.line.LineFault;

/**
 * One reason why a batch failed, as its {@code errors} show it.
 *
 * @param line the physical line, counted from 1; null if it is about the file
 * @param param null if no member is to blame
 */
record BatchError(String code, Integer line, String message, String param) {

  static BatchError ofLine(int line, LineFault fault) {
    return new BatchError(
        fault.code(), line, fault.message(), fault.param().isEmpty() ? null : fault.param());
  }

  static BatchError noSuchFile(String id) {
    return new BatchError(
        "invalid_request",
        null,
        "Cannot find file " + id + ", or organization org-stoker does not have access to it.",
        "file_id");
  }

  static BatchError wrongPurpose(String id, String purpose) {
    return new BatchError(
        "invalid_request",
        null,
        "File " + id + " has the purpose '" + purpose + "'; a batch needs one of purpose 'batch'.",
        "file_id");
  }

  static BatchError emptyFile() {
    return new BatchError(
        "empty_file",
        null,
        "The input file is empty. Please ensure that the batch contains at least one request.",
        null);
  }

  static BatchError tooManyRequests(long requests, int max) {
    return new BatchError(
        "too_many_tasks",
        null,
        "The batch input file has "
            + requests
            + " requests, more than the maximum of "
            + max
            + " on this server.",
        null);
  }
}
