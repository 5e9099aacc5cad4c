package dev.stoker.api.health;

import dev.stoker.health.Gate;
import dev.stoker.health.GateDecision;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerSlotTable;

/** The gate as it stands now. */
public final class GateReading {
  private final Gate gate;
  private final WorkerHeartbeatTable workers;
  private final WorkerSlotTable slots;

  public GateReading(Gate gate, WorkerHeartbeatTable workers, WorkerSlotTable slots) {
    this.gate = gate;
    this.workers = workers;
    this.slots = slots;
  }

  public GateDecision decide() {
    return gate.decide(workers.all(), slots.all());
  }
}
