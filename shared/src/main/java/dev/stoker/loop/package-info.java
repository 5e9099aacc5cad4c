/**
 * A loop runs one bounded step again and again on a thread of its own. It never dies of an
 * exception and never spins: after a failed step it waits longer and longer.
 */
package dev.stoker.loop;
