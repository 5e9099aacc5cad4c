/**
 * The watchdog's view of the database: asked on a thread of its own, trusted only as far as {@link
 * dev.stoker.watchdog.observe.DatabaseContact} says.
 */
package dev.stoker.watchdog.observe;
