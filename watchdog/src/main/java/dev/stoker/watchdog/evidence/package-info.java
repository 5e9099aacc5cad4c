/**
 * What is kept of a worker that hangs or has died, so that a person can tell why: its state in the
 * kernel, its threads, its last words.
 *
 * <p>Gathering waits for nothing and nobody waits for it: each step has its own time and its own
 * thread, and one that fails leaves a note. Neither the environment of a process nor its command
 * line is read, since both may hold secrets.
 */
package dev.stoker.watchdog.evidence;
