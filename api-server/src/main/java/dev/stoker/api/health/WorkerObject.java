package dev.stoker.api.health;

import dev.stoker.health.Gate;
import dev.stoker.health.RespawnLimits;
import dev.stoker.health.SlotView;
import dev.stoker.health.WorkerView;
import java.util.List;
import java.util.Optional;

/**
 * A worker slot as its watchdog describes it, with the process in it.
 *
 * @param id host/number
 * @param wish what a person has asked for and is not done yet; may be empty
 * @param gpuFault what is wrong with a GPU that it uses; null while all are well
 * @param process null before the first
 */
record WorkerObject(
    String id,
    String object,
    String host,
    String state,
    String reason,
    long stateAgeSeconds,
    int respawnsLastHour,
    int respawnsMax,
    String wish,
    String gpuFault,
    HealthReport.Worker process) {

  static WorkerObject of(
      SlotView slot, Optional<WorkerView> process, Gate gate, RespawnLimits respawns) {
    return new WorkerObject(
        slot.worker(),
        "worker",
        slot.host(),
        slot.state().wireName(),
        slot.reason(),
        slot.since().toSeconds(),
        slot.respawnsInWindow(),
        respawns.perHour(),
        slot.wish().wireName(),
        HealthReport.gpuFault(slot),
        process.map(view -> HealthReport.worker(view, List.of(slot), gate)).orElse(null));
  }
}
