package dev.stoker.api.health;

import dev.stoker.api.error.ApiErrors;
import dev.stoker.api.http.QueryParameters;
import dev.stoker.health.Gate;
import dev.stoker.health.RecoveryHistoryTable;
import dev.stoker.health.RespawnLimits;
import dev.stoker.health.SlotView;
import dev.stoker.health.SlotWish;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerSlotTable;
import dev.stoker.health.WorkerView;
import java.util.List;
import java.util.Optional;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Workers, what has become of them, and what a person may ask for them. */
@RestController
final class WorkersController {

  /** A list that has no pages. */
  record Whole<T>(String object, List<T> data) {}

  private static final int RECOVERIES = 20;
  private static final int RECOVERIES_MAX = 1000;

  private final Gate gate;
  private final RespawnLimits respawns;
  private final WorkerHeartbeatTable workers;
  private final WorkerSlotTable slots;
  private final RecoveryHistoryTable recoveries;

  WorkersController(
      Gate gate,
      RespawnLimits respawns,
      WorkerHeartbeatTable workers,
      WorkerSlotTable slots,
      RecoveryHistoryTable recoveries) {
    this.gate = gate;
    this.respawns = respawns;
    this.workers = workers;
    this.slots = slots;
    this.recoveries = recoveries;
  }

  @GetMapping({"/v1/workers", "/workers"})
  Whole<WorkerObject> workers() {
    List<WorkerView> processes = workers.all();
    return new Whole<>("list", slots.all().stream().map(slot -> worker(slot, processes)).toList());
  }

  @GetMapping({"/v1/recoveries", "/recoveries"})
  Whole<RecoveryObject> recoveries(@RequestParam(required = false) String limit) {
    int most = QueryParameters.limit(limit, RECOVERIES, RECOVERIES_MAX);
    return new Whole<>("list", recoveries.newest(most).stream().map(RecoveryObject::of).toList());
  }

  @PostMapping({"/v1/workers/{host}/{slot}/resume", "/workers/{host}/{slot}/resume"})
  @ResponseStatus(HttpStatus.ACCEPTED)
  WorkerObject resume(@PathVariable String host, @PathVariable String slot) {
    SlotView view = slot(host + "/" + slot);
    if (!view.state().waitsForPerson()) {
      throw ApiErrors.nothingToResume(view.worker(), view.state().wireName());
    }
    return ask(view, SlotWish.RESUME);
  }

  @PostMapping({"/v1/workers/{host}/{slot}/restart", "/workers/{host}/{slot}/restart"})
  @ResponseStatus(HttpStatus.ACCEPTED)
  WorkerObject restart(@PathVariable String host, @PathVariable String slot) {
    return ask(slot(host + "/" + slot), SlotWish.RESTART);
  }

  private WorkerObject ask(SlotView view, SlotWish wish) {
    slots.ask(view.worker(), wish);
    return worker(slot(view.worker()), workers.all());
  }

  private SlotView slot(String worker) {
    return slots.all().stream()
        .filter(view -> view.worker().equals(worker))
        .findFirst()
        .orElseThrow(() -> ApiErrors.noSuchWorker(worker));
  }

  private WorkerObject worker(SlotView slot, List<WorkerView> processes) {
    Optional<WorkerView> process =
        processes.stream().filter(view -> view.id().worker().equals(slot.worker())).findFirst();
    return WorkerObject.of(slot, process, gate, respawns);
  }
}
