package dev.stoker.health;

/**
 * Which process, beyond doubt: a pid alone is used again.
 *
 * @param startTicks field 22 of {@code /proc/PID/stat}
 * @param bootId the kernel's {@code /proc/sys/kernel/random/boot_id}
 */
public record ProcessIdentity(long pid, long startTicks, String bootId) {}
