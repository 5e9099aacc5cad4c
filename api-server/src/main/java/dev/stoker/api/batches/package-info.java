/**
 * Batches as the client sees them: create, show, list, cancel.
 *
 * <p>A request is judged in three layers, and which one finds a fault decides how the client learns
 * of it. {@link dev.stoker.api.batches.CreateBatch} judges the request itself: a fault is a 400 and
 * there is no batch. Then the gate: with no worker alive it is a 503. What is wrong with the input
 * file is found by the intake after the answer has gone out: the batch exists, and fails. What is
 * wrong with a single request is the engine's to say: the batch completes, with an error line.
 *
 * <p>The row is changed under its lock and along {@link dev.stoker.batch.BatchStatus#successors};
 * every time in it is the database's.
 */
package dev.stoker.api.batches;
