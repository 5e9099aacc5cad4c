package dev.stoker.chaos;

import dev.stoker.batch.BatchStatus;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** One batch as the API has shown it so far. */
final class WatchedBatch {
  private final String id;
  private final Submission submission;
  private boolean answered;
  private boolean cancelPromised;
  private boolean cancelWished;
  private BatchStatus status = BatchStatus.VALIDATING;
  private int completed;
  private int failed;
  private JsonTree end;
  private boolean inspected;
  private long outputHash;

  WatchedBatch(String id, Submission submission) {
    this.id = id;
    this.submission = submission;
  }

  String id() {
    return id;
  }

  Submission submission() {
    return submission;
  }

  /** The create was answered; true the first time. */
  synchronized boolean answered() {
    boolean first = !answered;
    answered = true;
    return first;
  }

  synchronized boolean wasAnswered() {
    return answered;
  }

  /** From now on it may be cancelled. */
  synchronized void cancelWished() {
    cancelWished = true;
  }

  /** The server has said that it is being cancelled: now it must be. */
  synchronized void cancelPromised() {
    cancelPromised = true;
  }

  synchronized boolean wasPromisedCancel() {
    return cancelPromised;
  }

  /** What of a new look contradicts an earlier one. */
  synchronized Optional<String> looked(JsonTree now) {
    BatchStatus next = BatchStatus.ofWireName(now.at("status").text());
    if (end != null) {
      return end.equals(now)
          ? Optional.empty()
          : Optional.of("changed after its end from " + end + " to " + now);
    }
    if (!reachable(status).contains(next)) {
      return Optional.of("went from " + status + " to " + next);
    }
    JsonTree counts = now.at("request_counts");
    int completedNow = counts.at("completed").number();
    int failedNow = counts.at("failed").number();
    if (completedNow < completed || failedNow < failed) {
      return Optional.of(
          "fell from %d completed and %d failed to %s".formatted(completed, failed, counts));
    }
    status = next;
    completed = completedNow;
    failed = failedNow;
    if (next.ended()) {
      end = now;
      return wrongEnd(next);
    }
    return Optional.empty();
  }

  private Optional<String> wrongEnd(BatchStatus status) {
    boolean right =
        switch (status) {
          case COMPLETED -> !submission.broken() && !cancelPromised;
          case FAILED -> submission.broken();
          case CANCELLED -> cancelWished;
          default -> false;
        };
    return right
        ? Optional.empty()
        : Optional.of(
            "ended %s, broken %s, cancel asked for %s and promised %s: %s"
                .formatted(status, submission.broken(), cancelWished, cancelPromised, end));
  }

  private static Set<BatchStatus> reachable(BatchStatus from) {
    Set<BatchStatus> reached = new HashSet<>(Set.of(from));
    Deque<BatchStatus> open = new ArrayDeque<>(reached);
    while (!open.isEmpty()) {
      for (BatchStatus next : open.pop().successors()) {
        if (reached.add(next)) {
          open.push(next);
        }
      }
    }
    return reached;
  }

  synchronized boolean ended() {
    return end != null;
  }

  synchronized JsonTree end() {
    return end;
  }

  synchronized BatchStatus status() {
    return status;
  }

  synchronized int finished() {
    return completed + failed;
  }

  /** Its files were found right, or what is wrong was told. */
  synchronized void inspected(long hash) {
    inspected = true;
    outputHash = hash;
  }

  synchronized boolean isInspected() {
    return inspected;
  }

  synchronized long outputHash() {
    return outputHash;
  }
}
