/**
 * How batches end that no worker ends. A worker ends a batch whose last line it has settled. Here
 * end the others: the requests of a batch that was cancelled, or whose window has passed, or that
 * kill every worker that runs them, or whose model cannot be loaded, get an error line saying so;
 * then the batch is closed. Every request is accounted for exactly once, because the lines are
 * written under a lease like a worker's.
 *
 * <p>Every step may be repeated and may run in several api-servers at once.
 */
package dev.stoker.api.ending;
