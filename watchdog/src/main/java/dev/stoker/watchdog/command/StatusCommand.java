package dev.stoker.watchdog.command;

import dev.stoker.health.Gate;
import dev.stoker.health.GateDecision;
import dev.stoker.health.GpuFault;
import dev.stoker.health.GpuTable;
import dev.stoker.health.ModelSwaps;
import dev.stoker.health.QueueTable;
import dev.stoker.health.QueueView;
import dev.stoker.health.RecoveryHistoryTable;
import dev.stoker.health.RecoveryView;
import dev.stoker.health.RespawnLimits;
import dev.stoker.health.SlotView;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerSlotTable;
import dev.stoker.health.WorkerView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.springframework.jdbc.core.simple.JdbcClient;

/** How everything is, on one screen. */
record StatusCommand(JdbcClient jdbc, Gate gate, RespawnLimits respawns, Paint paint) {

  private static final String NOTHING = "-";

  Answer run() {
    List<WorkerView> workers = new WorkerHeartbeatTable(jdbc).all();
    List<SlotView> slots = new WorkerSlotTable(jdbc).all();
    GpuLines gpus = new GpuLines(new GpuTable(jdbc).all(), paint);
    QueueView queue = new QueueTable(jdbc).read();
    Optional<RecoveryView> last = new RecoveryHistoryTable(jdbc).newest(1).stream().findFirst();
    GateDecision decision = gate.decide(workers, slots);

    List<String> lines = new ArrayList<>();
    lines.add(gateLine(decision));
    lines.addAll(slotLines(slots, workers));
    workers.stream().flatMap(StatusCommand::modelLine).forEach(lines::add);
    lines.addAll(gpus.lines());
    lines.add(queueLine(queue));
    lines.add(
        "last recovery: " + last.map(RecoveriesCommand::sentence).orElse("there was none yet"));

    Map<String, Object> data = new LinkedHashMap<>();
    data.put("gate", gateData(decision));
    data.put("slots", slots.stream().map(slot -> slotData(slot, process(slot, workers))).toList());
    data.put("gpus", gpus.data());
    data.put("queue", queueData(queue));
    data.put("last_recovery", last.map(RecoveriesCommand::data).orElse(null));
    return new Answer(Answer.DONE, String.join("\n", lines), data);
  }

  private String gateLine(GateDecision decision) {
    return switch (decision) {
      case GateDecision.Open _ -> "new batches: " + paint.good("accepted");
      case GateDecision.Closed closed ->
          "new batches: " + paint.bad("refused") + ", " + closed.reason();
    };
  }

  private List<String> slotLines(List<SlotView> slots, List<WorkerView> workers) {
    if (slots.isEmpty()) {
      return List.of("no watchdog has described a slot yet");
    }
    Columns columns =
        new Columns(
            "SLOT",
            "STATE",
            "FOR",
            "PID",
            "BEAT",
            "IN FLIGHT",
            "DONE",
            "RESTARTS",
            "WATCHDOG",
            "REASON");
    for (SlotView slot : slots) {
      Optional<WorkerView> process = process(slot, workers);
      columns.row(
          slot.worker(),
          slot.state().wireName(),
          age(slot.since()),
          process.flatMap(WorkerView::process).map(p -> "" + p.pid()).orElse(NOTHING),
          process.flatMap(WorkerView::sinceSeen).map(StatusCommand::age).orElse(NOTHING),
          process.map(view -> "" + view.inFlight()).orElse(NOTHING),
          process.map(view -> "" + view.linesDone()).orElse(NOTHING),
          slot.respawnsInWindow() + " of " + respawns.perHour(),
          slot.watchdogPid() + ", " + age(slot.sinceSeen()),
          slot.reason()
              + (slot.wish().wireName().isEmpty()
                  ? ""
                  : " [asked: " + slot.wish().wireName() + "]"));
    }
    List<String> lines = new ArrayList<>(columns.lines());
    for (int i = 0; i < slots.size(); i++) {
      lines.set(i + 1, paint.state(slots.get(i).state(), lines.get(i + 1)));
    }
    return lines;
  }

  /** Of a worker that changes its model. */
  private static Stream<String> modelLine(WorkerView worker) {
    ModelSwaps swaps = worker.swaps();
    if (swaps.count() == 0 && swaps.loadingModel().isEmpty()) {
      return Stream.empty();
    }
    String now =
        swaps.loadingModel().isEmpty()
            ? "has " + worker.loadedModel()
            : "loads " + swaps.loadingModel();
    String last = swaps.last().map(took -> ", the last took " + took.toMillis() + " ms").orElse("");
    return Stream.of(
        "model: %s %s; %d swaps%s".formatted(worker.id().worker(), now, swaps.count(), last));
  }

  private static String queueLine(QueueView queue) {
    return "queue: batches %d validating, %d in progress, %d finalizing, %d cancelling; shards %d queued, %d leased; %d lines open"
        .formatted(
            queue.validating(),
            queue.inProgress(),
            queue.finalizing(),
            queue.cancelling(),
            queue.queued(),
            queue.leased(),
            queue.openLines());
  }

  private static Map<String, Object> gateData(GateDecision decision) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("open", decision instanceof GateDecision.Open);
    data.put("reason", decision instanceof GateDecision.Closed closed ? closed.reason() : null);
    return data;
  }

  private Map<String, Object> slotData(SlotView slot, Optional<WorkerView> process) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("worker", slot.worker());
    data.put("host", slot.host());
    data.put("state", slot.state().wireName());
    data.put("reason", slot.reason());
    data.put("state_age_ms", slot.since().toMillis());
    data.put("gpu_fault", slot.gpuFault().map(GpuFault::reason).orElse(null));
    data.put("wish", slot.wish().wireName());
    data.put("watchdog_pid", slot.watchdogPid());
    data.put("watchdog_age_ms", slot.sinceSeen().toMillis());
    data.put("restarts_last_hour", slot.respawnsInWindow());
    data.put("restarts_left", Math.max(0, respawns.perHour() - slot.respawnsInWindow()));
    data.put("pid", process.flatMap(WorkerView::process).map(p -> (Object) p.pid()).orElse(null));
    data.put("status", process.map(view -> (Object) view.status().wireName()).orElse(null));
    data.put(
        "heartbeat_age_ms",
        process.flatMap(WorkerView::sinceSeen).map(a -> (Object) a.toMillis()).orElse(null));
    data.put("in_flight", process.map(view -> (Object) view.inFlight()).orElse(null));
    data.put("loaded_model", process.map(view -> (Object) view.loadedModel()).orElse(null));
    data.put("swaps", process.map(view -> (Object) view.swaps().count()).orElse(null));
    data.put(
        "last_swap_ms",
        process.flatMap(view -> view.swaps().last()).map(a -> (Object) a.toMillis()).orElse(null));
    data.put("lines_done", process.map(view -> (Object) view.linesDone()).orElse(null));
    return data;
  }

  private static Map<String, Object> queueData(QueueView queue) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("batches_validating", queue.validating());
    data.put("batches_in_progress", queue.inProgress());
    data.put("batches_finalizing", queue.finalizing());
    data.put("batches_cancelling", queue.cancelling());
    data.put("shards_queued", queue.queued());
    data.put("shards_leased", queue.leased());
    data.put("open_lines", queue.openLines());
    return data;
  }

  private static Optional<WorkerView> process(SlotView slot, List<WorkerView> workers) {
    return workers.stream().filter(view -> view.id().worker().equals(slot.worker())).findFirst();
  }

  /** In the largest unit that leaves a whole number above one. */
  static String age(Duration age) {
    long seconds = age.toSeconds();
    if (seconds < 120) {
      return seconds + "s";
    }
    return seconds < 7200 ? seconds / 60 + "m" : seconds / 3600 + "h";
  }
}
