package dev.stoker.health;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A worker's row, with ages by the database's clock.
 *
 * @param process empty while a process is only reserved
 * @param engineSteps moves whenever the engine shows that it works, be it with a canary
 * @param sinceSeen the age of the newest beat; empty before any
 * @param sinceProgress how long ago it finished a line; empty before any
 * @param swaps how it changes its model
 */
public record WorkerView(
    WorkerId id,
    String host,
    Optional<ProcessIdentity> process,
    WorkerStatus status,
    List<String> models,
    String loadedModel,
    int inFlight,
    long linesDone,
    long engineSteps,
    Optional<Duration> sinceSeen,
    Optional<Duration> sinceProgress,
    ModelSwaps swaps) {}
