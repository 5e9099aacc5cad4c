/**
 * Stores results in groups: at the latest 250 ms after the first of a group, sooner when the group
 * is large or nothing else is running. While the database is away the group waits; it may be sent
 * twice.
 */
package dev.stoker.worker.settle;
