package dev.stoker.health;

import java.time.Duration;
import java.util.Collection;
import java.util.Optional;

/**
 * What a worker says of itself every few seconds.
 *
 * @param sinceProgress how long ago it finished a line, by its own monotonic clock; empty before
 *     the first
 */
public record Beat(
    WorkerStatus status,
    Collection<String> models,
    String loadedModel,
    int inFlight,
    long linesDone,
    Optional<Duration> sinceProgress) {}
