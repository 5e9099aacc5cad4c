/**
 * Processes as the kernel sees them: started, watched, signalled and proved dead, through pidfds.
 *
 * <p>A pid alone is never trusted: descriptor first, then the start time, then the signal. A
 * zombie's state letter proves nothing either way, since another of its threads may hang in a
 * driver; that the descriptor is readable does. {@code waitpid(-1)} would take the JDK's children
 * from it and is not used.
 */
package dev.stoker.watchdog.process;
