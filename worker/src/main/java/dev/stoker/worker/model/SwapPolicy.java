package dev.stoker.worker.model;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * When the worker lets go of one model for another. Pure.
 *
 * <p>A model stays while there is work for it, so that a file of many models costs one swap each.
 * But no model with work waits longer than {@code waitMax}, however much there is for others:
 * models that have waited too long take turns, each for the same slice of that time.
 *
 * @param waitMax how long work may wait for its model, beside the time that swaps take
 */
record SwapPolicy(Duration waitMax) {

  /**
   * Work that waits for a model.
   *
   * @param waits since the work could first have been run, or since the model was last in memory
   *     here, whichever was later
   * @param rank the place of its most urgent work in the queue's order, smallest first
   */
  record Demand(String model, Duration waits, int rank) {}

  /**
   * What is in memory.
   *
   * @param held for how long it has been there
   * @param busy whether lines of it are under lease here
   */
  record Loaded(String model, Duration held, boolean busy) {}

  /**
   * @param loaded empty if none is in memory
   * @param demands at most one for a model; none for models that cannot be loaded
   * @return the model to swap to; empty to leave all as it is
   */
  Optional<String> next(Optional<Loaded> loaded, List<Demand> demands) {
    if (loaded.isEmpty()) {
      return demands.stream().min(Comparator.comparingInt(Demand::rank)).map(Demand::model);
    }
    Loaded now = loaded.get();
    List<Demand> others =
        demands.stream().filter(demand -> !demand.model().equals(now.model())).toList();
    boolean wanted = now.busy() || others.size() < demands.size();
    return wanted
        ? starving(now, others)
        : others.stream().min(Comparator.comparingInt(Demand::rank)).map(Demand::model);
  }

  private Optional<String> starving(Loaded now, List<Demand> others) {
    if (others.isEmpty()) {
      return Optional.empty();
    }
    Duration slice = waitMax.dividedBy(others.size());
    return others.stream()
        .filter(_ -> now.held().compareTo(slice) >= 0)
        .filter(demand -> demand.waits().compareTo(slice) >= 0)
        .max(Comparator.comparing(Demand::waits))
        .map(Demand::model);
  }
}
