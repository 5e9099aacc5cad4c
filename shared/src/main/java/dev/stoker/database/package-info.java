/**
 * The database: where it is, how a process connects to it, and the embedded PostgreSQL that stands
 * in when no external one is configured.
 *
 * <p>The embedded server is a process of its own, not a part of the process that started it: it
 * survives restarts, updates and crashes of Stoker, so that no lease, result or upload is lost with
 * the JVM. Starting is therefore idempotent, and any process may ask for it.
 *
 * <p>What is running is read from the data directory and {@code /proc} each time, never remembered.
 * The owner of the cluster's directory says which account runs it; no second record of that choice
 * can disagree with it.
 */
package dev.stoker.database;
