package dev.stoker.queue;

import dev.stoker.batch.BatchId;

/**
 * Which line of which batch.
 *
 * @param line the physical line, counted from 1
 */
public record LineKey(BatchId batch, int line) {}
