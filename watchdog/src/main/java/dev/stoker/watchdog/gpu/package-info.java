/**
 * Whether a GPU can be given to a new worker. NVIDIA's library is called in a short-lived process
 * only: when the driver hangs, so does its caller, for ever.
 */
package dev.stoker.watchdog.gpu;
