package dev.stoker.queue;

import dev.stoker.batch.BatchId;

/** Which shard. */
public record ShardKey(BatchId batch, int ordinal) {}
