package dev.stoker.api.health;

import dev.stoker.database.RoundTrip;
import dev.stoker.health.Gate;
import dev.stoker.health.GateDecision;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerSlotTable;
import org.springframework.jdbc.core.JdbcOperations;

/** The gate as it stands now. */
public final class GateReading {
  private final Gate gate;
  private final JdbcOperations jdbc;

  public GateReading(Gate gate, JdbcOperations jdbc) {
    this.gate = gate;
    this.jdbc = jdbc;
  }

  public GateDecision decide() {
    RoundTrip trip = new RoundTrip();
    var workers = trip.ask(WorkerHeartbeatTable.ALL);
    var slots = trip.ask(WorkerSlotTable.ALL);
    trip.send(jdbc);
    return gate.decide(workers.get(), slots.get());
  }
}
