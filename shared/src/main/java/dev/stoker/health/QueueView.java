package dev.stoker.health;

/**
 * How much waits.
 *
 * @param validating batches in this state, as the three after it
 * @param queued shards that nobody holds
 * @param leased shards that a worker holds
 * @param openLines lines without a result
 */
public record QueueView(
    int validating,
    int inProgress,
    int finalizing,
    int cancelling,
    int queued,
    int leased,
    long openLines) {}
