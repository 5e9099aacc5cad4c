package dev.stoker.queue;

import java.time.Duration;
import java.time.Instant;

/**
 * A model for which shards wait that could be claimed now.
 *
 * @param model as the requests name it
 * @param shards how many, but never more than {@link #SHARDS_MAX}
 * @param waiting how long the oldest of these has waited, since its batch was accepted or it was
 *     last given back
 * @param priority of the best of them; smaller is earlier
 * @param deadline of the best of them
 */
public record WaitingModel(
    String model, int shards, Duration waiting, int priority, Instant deadline) {

  /** Who decides what to load need not know more exactly; counting all would cost. */
  public static final int SHARDS_MAX = 1000;
}
