/**
 * The worker's sign of life: its own thread, its own connection, so that neither a busy engine nor
 * a pool without free connections can silence it. A beat that the database refuses means that a
 * successor has been appointed: the process ends at once.
 */
package dev.stoker.worker.heartbeat;
