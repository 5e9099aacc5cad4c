package dev.stoker.batch;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Where a batch is in its life. The README draws this graph; a test keeps the two equal. */
public enum BatchStatus {
  /** Accepted; its input file is yet to be judged. */
  VALIDATING,
  /** Its shards are claimed and run. */
  IN_PROGRESS,
  /** Its window has passed: no line is started any more, those not run go to the error file. */
  FINALIZING,
  /** Every line ran; some or all may have failed. */
  COMPLETED,
  /** The input file was refused; nothing ran. */
  FAILED,
  /** The window passed before every line had run. */
  EXPIRED,
  /** The client's wish; lines not yet started go to the error file. */
  CANCELLING,
  /** Ended by the client; what had finished is kept. */
  CANCELLED;

  /**
   * Exhaustive on purpose: a ninth status does not compile until its successors are written here.
   */
  public Set<BatchStatus> successors() {
    return switch (this) {
      case VALIDATING -> Set.of(IN_PROGRESS, FAILED, CANCELLING);
      case IN_PROGRESS -> Set.of(COMPLETED, FINALIZING, CANCELLING);
      case FINALIZING -> Set.of(EXPIRED);
      case CANCELLING -> Set.of(CANCELLED);
      case COMPLETED, FAILED, EXPIRED, CANCELLED -> Set.of();
    };
  }

  /**
   * Where a batch goes once all its lines are accounted for; empty where there is nothing to end.
   */
  public Optional<BatchStatus> successorAtTheEnd() {
    return switch (this) {
      case IN_PROGRESS -> Optional.of(COMPLETED);
      case FINALIZING -> Optional.of(EXPIRED);
      case CANCELLING -> Optional.of(CANCELLED);
      case VALIDATING, COMPLETED, FAILED, EXPIRED, CANCELLED -> Optional.empty();
    };
  }

  public boolean ended() {
    return successors().isEmpty();
  }

  /** The name on the wire and in the database. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The status of a name on the wire.
   *
   * @throws IllegalArgumentException for a name that is none of the eight
   */
  public static BatchStatus ofWireName(String name) {
    return Arrays.stream(values())
        .filter(status -> status.wireName().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no batch status is called " + name));
  }
}
