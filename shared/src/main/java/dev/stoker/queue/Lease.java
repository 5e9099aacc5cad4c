package dev.stoker.queue;

/**
 * The right to run a shard until it expires or is taken away.
 *
 * @param attempt the fencing token
 */
public record Lease(ShardKey key, int attempt) {}
