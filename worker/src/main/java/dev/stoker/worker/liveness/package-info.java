/**
 * Whether this process still works, told without the database: the inner watchdog, which ends a
 * process whose loops stand still, and the beat in memory, which shows that its heartbeat does not.
 */
package dev.stoker.worker.liveness;
