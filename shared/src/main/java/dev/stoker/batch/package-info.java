/**
 * A batch: its id, its eight states and who may move it. A batch is created and cancelled by the
 * api-server, judged by its intake, and ended by {@link dev.stoker.batch.BatchEndTable} in one
 * short transaction by whoever notices first that no shard of it is open.
 */
package dev.stoker.batch;
