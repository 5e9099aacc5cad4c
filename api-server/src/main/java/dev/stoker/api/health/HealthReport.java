package dev.stoker.api.health;

import dev.stoker.health.Gate;
import dev.stoker.health.GateDecision;
import dev.stoker.health.GpuFault;
import dev.stoker.health.GpuView;
import dev.stoker.health.QueueView;
import dev.stoker.health.RespawnLimits;
import dev.stoker.health.SlotView;
import dev.stoker.health.WorkerView;
import dev.stoker.model.RegisteredModel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What {@code /health} says.
 *
 * @param status healthy, or degraded while the gate is closed or a model is quarantined
 * @param reason why it is degraded, a sentence; null while it is healthy
 */
record HealthReport(
    String status,
    String service,
    String version,
    List<Worker> workers,
    Queue queue,
    Supervisor supervisor,
    List<GpuObject> gpus,
    List<QuarantinedModel> quarantinedModels,
    GateState gate,
    String reason) {

  static final String SERVICE = "batch-api";

  /**
   * @param heartbeatAgeSeconds null before the first beat
   * @param progressAgeSeconds how long ago it finished a line; null before the first
   */
  record Worker(
      String worker,
      String status,
      Long heartbeatAgeSeconds,
      boolean fresh,
      int inFlight,
      String loadedModel,
      String loadingModel,
      long swaps,
      Long lastSwapMs,
      List<String> models,
      long linesDone,
      Long progressAgeSeconds,
      Long pid) {}

  record Queue(OpenBatches batches, OpenShards shards, long openLines) {}

  record OpenBatches(int validating, int inProgress, int finalizing, int cancelling) {}

  record OpenShards(int queued, int leased) {}

  record Supervisor(List<Slot> slots) {}

  /**
   * @param gpuFault what is wrong with a GPU of its worker; null while all are well
   */
  record Slot(
      String worker,
      String state,
      String reason,
      long stateAgeSeconds,
      int respawnsLastHour,
      int respawnsMax,
      String gpuFault) {}

  record QuarantinedModel(String model, String reason) {}

  record GateState(boolean open, String reason) {}

  /** What is said while the database cannot be asked. */
  record Unhealthy(String status, String service, String version, String reason) {}

  static HealthReport of(
      String version,
      Gate gate,
      RespawnLimits respawns,
      List<WorkerView> workers,
      List<SlotView> slots,
      List<GpuView> gpus,
      QueueView queue,
      List<RegisteredModel> models) {
    GateState state =
        switch (gate.decide(workers, slots)) {
          case GateDecision.Open _ -> new GateState(true, null);
          case GateDecision.Closed closed -> new GateState(false, closed.reason());
        };
    List<QuarantinedModel> quarantined =
        models.stream()
            .filter(RegisteredModel::quarantined)
            .map(model -> new QuarantinedModel(model.definition().name(), model.failure()))
            .toList();
    Optional<String> reason = reason(state, quarantined);
    return new HealthReport(
        reason.isEmpty() ? "healthy" : "degraded",
        SERVICE,
        version,
        workers.stream().map(worker -> worker(worker, slots, gate)).toList(),
        queue(queue),
        new Supervisor(slots.stream().map(slot -> slot(slot, respawns)).toList()),
        gpus.stream().map(GpuObject::of).toList(),
        quarantined,
        state,
        reason.orElse(null));
  }

  private static Optional<String> reason(GateState gate, List<QuarantinedModel> quarantined) {
    if (!gate.open()) {
      return Optional.of(gate.reason());
    }
    return quarantined.isEmpty()
        ? Optional.empty()
        : Optional.of(
            quarantined.stream()
                .map(model -> model.model() + " (" + model.reason() + ")")
                .collect(Collectors.joining(", ", "Quarantined models: ", "")));
  }

  static Worker worker(WorkerView view, List<SlotView> slots, Gate gate) {
    return new Worker(
        view.id().worker(),
        view.status().wireName(),
        seconds(view.sinceSeen()),
        gate.fresh(view, slots),
        view.inFlight(),
        view.loadedModel(),
        view.swaps().loadingModel(),
        view.swaps().count(),
        view.swaps().last().map(Duration::toMillis).orElse(null),
        view.models(),
        view.linesDone(),
        seconds(view.sinceProgress()),
        view.process().map(process -> process.pid()).orElse(null));
  }

  private static Queue queue(QueueView view) {
    return new Queue(
        new OpenBatches(view.validating(), view.inProgress(), view.finalizing(), view.cancelling()),
        new OpenShards(view.queued(), view.leased()),
        view.openLines());
  }

  private static Slot slot(SlotView view, RespawnLimits respawns) {
    return new Slot(
        view.worker(),
        view.state().wireName(),
        view.reason(),
        view.since().toSeconds(),
        view.respawnsInWindow(),
        respawns.perHour(),
        gpuFault(view));
  }

  static String gpuFault(SlotView view) {
    return view.gpuFault().map(GpuFault::reason).orElse(null);
  }

  private static Long seconds(Optional<Duration> age) {
    return age.map(Duration::toSeconds).orElse(null);
  }
}
