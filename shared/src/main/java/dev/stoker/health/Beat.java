package dev.stoker.health;

import java.time.Duration;
import java.util.Collection;
import java.util.Optional;

/**
 * What a worker says of itself every few seconds.
 *
 * @param engineSteps moves whenever the engine shows that it works: a line, a canary, a part of a
 *     model
 * @param sinceProgress how long ago it finished a line, by its own monotonic clock; empty before
 *     the first
 * @param swaps how it changes its model
 */
public record Beat(
    WorkerStatus status,
    Collection<String> models,
    String loadedModel,
    int inFlight,
    long linesDone,
    long engineSteps,
    Optional<Duration> sinceProgress,
    ModelSwaps swaps) {}
