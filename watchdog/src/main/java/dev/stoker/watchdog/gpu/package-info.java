/**
 * How the GPUs of this host are, and whether one can be given to a new worker. NVIDIA's library is
 * called in a process of its own only: when the driver hangs, so does its caller, for ever.
 */
package dev.stoker.watchdog.gpu;
