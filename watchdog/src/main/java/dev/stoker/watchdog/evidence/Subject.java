package dev.stoker.watchdog.evidence;

import dev.stoker.watchdog.process.ConsoleLog;
import dev.stoker.watchdog.process.OutOfMemory;
import dev.stoker.watchdog.process.WatchedProcess;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A worker that is to be looked into.
 *
 * @param slot its number on this host
 * @param verdict why, in words
 * @param process empty if it had gone before anybody watched it
 * @param memory what the kernel had counted while it lived; only if this process has not killed it
 * @param home its working directory, where a JVM that crashes leaves its report
 */
public record Subject(
    int slot,
    long incarnation,
    String verdict,
    Optional<WatchedProcess> process,
    Optional<OutOfMemory.Snapshot> memory,
    ConsoleLog console,
    ConsoleLog log,
    Path home) {}
