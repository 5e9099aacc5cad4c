package dev.stoker.health;

import java.time.Duration;
import java.util.Optional;

/**
 * How a worker changes its model.
 *
 * @param loadingModel what it loads now; an empty string if nothing
 * @param count how often it gave up a model for another since it started
 * @param last how long the newest of these took, from the last request of the one model to the
 *     readiness of the other; empty before any
 */
public record ModelSwaps(String loadingModel, long count, Optional<Duration> last) {

  /** Of a worker that has one model for all its life, and has it. */
  public static final ModelSwaps NONE = new ModelSwaps("", 0, Optional.empty());
}
