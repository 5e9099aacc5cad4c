package dev.stoker.api.health;

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
  private final WorkerHeartbeatTable workers;
  private final WorkerSlotTable slots;
  private final GpuTable gpus;
  private final QueueTable queue;
  private final ModelTable models;
  private final Patiently patiently;

  HealthController(
      String version,
      Gate gate,
      RespawnLimits respawns,
      WorkerHeartbeatTable workers,
      WorkerSlotTable slots,
      GpuTable gpus,
      QueueTable queue,
      ModelTable models,
      Patiently patiently) {
    this.version = version;
    this.gate = gate;
    this.respawns = respawns;
    this.workers = workers;
    this.slots = slots;
    this.gpus = gpus;
    this.queue = queue;
    this.models = models;
    this.patiently = patiently;
  }

  @GetMapping({"/v1/health", "/health"})
  ResponseEntity<?> health() {
    Optional<HealthReport> report =
        patiently.ask(
            () ->
                HealthReport.of(
                    version,
                    gate,
                    respawns,
                    workers.all(),
                    slots.all(),
                    gpus.all(),
                    queue.read(),
                    models.all()));
    if (report.isPresent()) {
      return ResponseEntity.ok(report.get());
    }
    return unavailable(
        new HealthReport.Unhealthy(
            "unhealthy", HealthReport.SERVICE, version, "The database does not answer."));
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
