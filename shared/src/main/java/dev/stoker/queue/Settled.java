package dev.stoker.queue;

/**
 * A lease whose results were stored.
 *
 * @param done whether all lines of its shard are finished now
 */
public record Settled(Lease lease, boolean done) {}
