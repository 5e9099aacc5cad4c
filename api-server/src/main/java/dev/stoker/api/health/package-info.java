/**
 * Whether Stoker is well, for three readers. {@code /health/live} says that this process runs and
 * nothing else, so that nobody restarts it for a fault of the database. {@code /health/ready} says
 * whether it can serve. {@code /health} is for people: workers, queue, supervisor and gate, always
 * within two seconds.
 *
 * <p>The gate refuses new batches while no worker's heartbeat is fresh; the decision itself is
 * {@link dev.stoker.health.Gate}, and {@link dev.stoker.api.health.GateReading} reads what it
 * needs.
 */
package dev.stoker.api.health;
