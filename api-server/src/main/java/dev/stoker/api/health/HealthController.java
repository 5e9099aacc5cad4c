package dev.stoker.api.health;

import dev.stoker.database.RoundTrip;
import dev.stoker.health.Gate;
import dev.stoker.health.GpuTable;
import dev.stoker.health.QueueTable;
import dev.stoker.health.RespawnLimits;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerSlotTable;
import dev.stoker.model.ModelTable;
import java.util.Optional;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Health over HTTP. */
@RestController
final class HealthController {

  /** What the probes say. */
  record Probe(String status) {}

  private final String version;
  private final Gate gate;
  private final RespawnLimits respawns;
  private final QueueTable queue;
  private final JdbcOperations jdbc;
  private final Patiently patiently;

  HealthController(
      String version,
      Gate gate,
      RespawnLimits respawns,
      QueueTable queue,
      JdbcOperations jdbc,
      Patiently patiently) {
    this.version = version;
    this.gate = gate;
    this.respawns = respawns;
    this.queue = queue;
    this.jdbc = jdbc;
    this.patiently = patiently;
  }

  @GetMapping({"/v1/health", "/health"})
  ResponseEntity<?> health() {
    Optional<HealthReport> report = patiently.ask(this::report);
    if (report.isPresent()) {
      return ResponseEntity.ok(report.get());
    }
    return unavailable(
        new HealthReport.Unhealthy(
            "unhealthy", HealthReport.SERVICE, version, "The database does not answer."));
  }

  private HealthReport report() {
    RoundTrip trip = new RoundTrip();
    var workers = trip.ask(WorkerHeartbeatTable.ALL);
    var slots = trip.ask(WorkerSlotTable.ALL);
    var gpus = trip.ask(GpuTable.ALL);
    var queued = trip.ask(QueueTable.QUEUE);
    var models = trip.ask(ModelTable.ALL);
    trip.send(jdbc);
    return HealthReport.of(
        version,
        gate,
        respawns,
        workers.get(),
        slots.get(),
        gpus.get(),
        queued.get().getFirst(),
        models.get());
  }

  @GetMapping({"/v1/health/live", "/health/live"})
  Probe live() {
    return new Probe("live");
  }

  @GetMapping({"/v1/health/ready", "/health/ready"})
  ResponseEntity<?> ready() {
    boolean ready = patiently.ask(queue::ready).orElse(false);
    return ready ? ResponseEntity.ok(new Probe("ready")) : unavailable(new Probe("not_ready"));
  }

  private static ResponseEntity<Object> unavailable(Object body) {
    return ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE)
        .header("Retry-After", "5")
        .body(body);
  }
}
