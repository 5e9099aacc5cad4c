package dev.stoker.health;

import dev.stoker.settings.Settings;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Decides whether a new batch is taken: only while some worker's heartbeat is fresh. Busy workers
 * are fresh; how much waits never matters.
 *
 * @param staleAfter how old a heartbeat may be, both clocks being the database's
 */
public record Gate(Duration staleAfter) {
  /** Long enough for a respawn, short enough that no SDK gives up on it. */
  private static final Duration RETRY_AFTER = Duration.ofSeconds(10);

  public static Gate from(Settings settings) {
    return new Gate(
        settings.duration(
            "STOKER_HEARTBEAT_STALE_AFTER",
            Duration.ofSeconds(60),
            Duration.ofSeconds(1),
            Duration.ofHours(1),
            "a worker whose heartbeat is older counts as dead: batches are refused, it is replaced"));
  }

  public GateDecision decide(Collection<WorkerView> workers, Collection<SlotView> slots) {
    Set<String> givenUp =
        slots.stream()
            .filter(slot -> slot.state() == SlotState.GAVE_UP)
            .map(SlotView::worker)
            .collect(Collectors.toSet());
    List<WorkerView> able =
        workers.stream().filter(worker -> !givenUp.contains(worker.id().worker())).toList();
    if (able.stream().anyMatch(this::fresh)) {
      return new GateDecision.Open();
    }
    return new GateDecision.Closed(reason(workers, slots), RETRY_AFTER);
  }

  public boolean fresh(WorkerView worker) {
    return worker.sinceSeen().filter(age -> age.compareTo(staleAfter) <= 0).isPresent();
  }

  private static String reason(Collection<WorkerView> workers, Collection<SlotView> slots) {
    Optional<SlotView> gaveUp =
        slots.stream().filter(slot -> slot.state() == SlotState.GAVE_UP).findFirst();
    if (gaveUp.isPresent()) {
      return "Worker offline: the supervisor gave up on it (" + gaveUp.get().reason() + ")";
    }
    return workers.stream()
        .flatMap(worker -> worker.sinceSeen().stream())
        .min(Comparator.naturalOrder())
        .map(age -> "Worker offline (last seen " + age.toSeconds() + "s ago)")
        .orElse("Worker offline (never seen)");
  }
}
