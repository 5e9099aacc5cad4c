package dev.stoker.queue;

/**
 * A lease that goes on.
 *
 * @param wanted whether its batch still wants answers; false after a cancel or at the end of its
 *     window
 */
public record Renewed(Lease lease, boolean wanted) {}
