package dev.stoker.model;

import dev.stoker.health.Gate;
import dev.stoker.health.WorkerView;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;

/**
 * Where a model is, as the workers that live say.
 *
 * @param servedBy the workers that load it when there is work for it
 * @param loadedOn those that have it in memory
 * @param loading whether some worker loads it now
 */
public record ModelPresence(List<String> servedBy, List<String> loadedOn, boolean loading) {

  /**
   * @param itsName whether a name that a worker uses means the model
   * @param gate which workers live
   */
  public static ModelPresence of(
      Predicate<String> itsName, Collection<WorkerView> workers, Gate gate) {
    List<WorkerView> alive =
        workers.stream()
            .filter(worker -> worker.status().alive() && gate.fresh(worker, List.of()))
            .toList();
    return new ModelPresence(
        names(alive, worker -> worker.models().stream().anyMatch(itsName)),
        names(alive, worker -> itsName.test(worker.loadedModel())),
        alive.stream().anyMatch(worker -> itsName.test(worker.swaps().loadingModel())));
  }

  private static List<String> names(List<WorkerView> workers, Predicate<WorkerView> which) {
    return workers.stream().filter(which).map(worker -> worker.id().worker()).toList();
  }

  public ModelState state(boolean quarantined) {
    if (quarantined) {
      return ModelState.QUARANTINED;
    }
    if (!loadedOn.isEmpty()) {
      return ModelState.LOADED;
    }
    if (loading) {
      return ModelState.LOADING;
    }
    return servedBy.isEmpty() ? ModelState.UNSERVED : ModelState.AVAILABLE;
  }
}
