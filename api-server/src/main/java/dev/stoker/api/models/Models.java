package dev.stoker.api.models;

import dev.stoker.health.Gate;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerView;
import dev.stoker.model.ModelPresence;
import dev.stoker.model.ModelTable;
import dev.stoker.model.RegisteredModel;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What is known of models, from what workers say of themselves and of them. */
final class Models {
  private final ServedModelTable served;
  private final ModelTable registry;
  private final WorkerHeartbeatTable workers;
  private final Gate gate;

  Models(ServedModelTable served, ModelTable registry, WorkerHeartbeatTable workers, Gate gate) {
    this.served = served;
    this.registry = registry;
    this.workers = workers;
    this.gate = gate;
  }

  /** All names that requests may use, sorted; also those of quarantined models. */
  List<ModelObject> all() {
    List<RegisteredModel> registered = registry.all();
    List<WorkerView> processes = workers.all();
    Map<String, Long> names = new TreeMap<>(served.created());
    registry.quarantined().keySet().forEach(name -> names.putIfAbsent(name, 0L));
    return names.entrySet().stream()
        .map(name -> object(name.getKey(), name.getValue(), registered, processes))
        .toList();
  }

  private ModelObject object(
      String id, long created, List<RegisteredModel> registered, List<WorkerView> processes) {
    return meant(id, registered)
        .map(model -> ModelObject.of(id, model, presence(model, processes)))
        .orElseGet(
            () ->
                ModelObject.unregistered(
                    id, created, ModelPresence.of(id::equals, processes, gate)));
  }

  private ModelPresence presence(RegisteredModel model, List<WorkerView> processes) {
    return ModelPresence.of(model.definition()::answersTo, processes, gate);
  }

  /** Where a name is given twice, what works is meant rather than what does not. */
  private static Optional<RegisteredModel> meant(String id, List<RegisteredModel> registered) {
    return registered.stream()
        .filter(model -> model.definition().answersTo(id))
        .min(
            Comparator.comparing(RegisteredModel::quarantined)
                .thenComparing(model -> !model.definition().name().equals(id)));
  }

  Optional<ModelObject> find(String id) {
    return all().stream().filter(model -> model.id().equals(id)).findFirst();
  }

  /**
   * Lifts a quarantine.
   *
   * @return false if the model is not quarantined
   */
  boolean reset(String id) {
    return registry.reset(id);
  }
}
