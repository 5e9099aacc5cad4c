package dev.stoker.health;

import dev.stoker.settings.Settings;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
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
    List<SlotView> gaveUp = slots.stream().filter(this::gaveUp).toList();
    Set<String> givenUp = gaveUp.stream().map(SlotView::worker).collect(Collectors.toSet());
    List<WorkerView> able =
        workers.stream().filter(worker -> !givenUp.contains(worker.id().worker())).toList();
    if (able.stream().anyMatch(this::fresh)) {
      return new GateDecision.Open();
    }
    return new GateDecision.Closed(reason(workers, gaveUp), RETRY_AFTER);
  }

  public boolean fresh(WorkerView worker) {
    return worker.sinceSeen().filter(age -> age.compareTo(staleAfter) <= 0).isPresent();
  }

  /** What a watchdog said that has gone since says nothing of a worker started without it. */
  private boolean gaveUp(SlotView slot) {
    return slot.state().waitsForPerson() && slot.sinceSeen().compareTo(staleAfter) <= 0;
  }

  private static String reason(Collection<WorkerView> workers, List<SlotView> gaveUp) {
    if (!gaveUp.isEmpty()) {
      return "Worker offline: the supervisor gave up on it (" + gaveUp.getFirst().reason() + ")";
    }
    return workers.stream()
        .flatMap(worker -> worker.sinceSeen().stream())
        .min(Comparator.naturalOrder())
        .map(age -> "Worker offline (last seen " + age.toSeconds() + "s ago)")
        .orElse("Worker offline (never seen)");
  }
}
