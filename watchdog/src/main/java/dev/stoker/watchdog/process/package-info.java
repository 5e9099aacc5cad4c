/**
 * Processes as the kernel sees them: started, watched, signalled and proved dead, through pidfds.
 *
 * <p>A pid alone is never trusted: descriptor first, then the start time, then the signal. A
 * zombie's state letter proves nothing either way, since another of its threads may hang in a
 * driver; that the descriptor is readable does. {@code waitpid(-1)} would take the JDK's children
 * from it and is not used.
 *
 * <p>What a worker starts is held by a control group where one can be made, for nobody leaves that
 * by himself, and else by session and descent. A group is killed only if its name is that of a slot
 * of this installation.
 */
package dev.stoker.watchdog.process;
