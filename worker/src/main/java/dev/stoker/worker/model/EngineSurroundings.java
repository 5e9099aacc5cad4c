package dev.stoker.worker.model;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;

/**
 * What every engine may need of the process around it.
 *
 * @param dataDirectory where it may keep files
 * @param serverOutput makes the log of what a server prints that an engine starts
 * @param canaryAfter how long nothing may be answered before an engine is asked something tiny
 * @param nanoTime tells how much time passes
 */
public record EngineSurroundings(
    Path dataDirectory,
    Supplier<Logger> serverOutput,
    Duration canaryAfter,
    LongSupplier nanoTime) {}
