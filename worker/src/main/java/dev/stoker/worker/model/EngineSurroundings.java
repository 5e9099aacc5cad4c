package dev.stoker.worker.model;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * What every engine may need of the process around it.
 *
 * @param dataDirectory where it may keep files
 * @param logDirectory where logs go
 * @param runName of this worker's log: worker, worker-1 and so on
 * @param canaryAfter how long nothing may be answered before an engine is asked something tiny
 * @param nanoTime tells how much time passes
 */
public record EngineSurroundings(
    Path dataDirectory,
    Path logDirectory,
    String runName,
    Duration canaryAfter,
    LongSupplier nanoTime) {}
