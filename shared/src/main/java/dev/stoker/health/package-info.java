/**
 * What is known of workers. A worker proves that it lives by its {@code worker_heartbeat} row; the
 * watchdog says what it thinks of the workers it looks after in {@code worker_slot}, and what it
 * reads of its host's GPUs in {@code gpu}; the {@link dev.stoker.health.Gate} decides from the
 * first two whether new batches are taken.
 *
 * <p>{@code incarnation} counts the processes that have filled a slot. It is bumped before a
 * successor is started, so an older process that still lives learns at its next beat that it is
 * fenced.
 */
package dev.stoker.health;
