package dev.stoker.queue;

/**
 * A shard whose results were stored.
 *
 * @param done whether all its lines are finished now
 */
public record Settled(ShardKey key, boolean done) {}
