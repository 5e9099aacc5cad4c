package dev.stoker.model;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A model's row.
 *
 * @param loadFailures in a row
 * @param failure why the last of them failed; empty after a load that went well
 * @param quarantined whether nobody loads it until a person says so
 * @param loads by all workers, ever
 * @param lastLoad how long the newest took; empty before any
 * @param lastUnload how long the newest took; empty before any
 * @param createdAt when it was first registered
 */
public record RegisteredModel(
    ModelDefinition definition,
    int loadFailures,
    String failure,
    boolean quarantined,
    long loads,
    Optional<Duration> lastLoad,
    Optional<Duration> lastUnload,
    Instant createdAt) {}
