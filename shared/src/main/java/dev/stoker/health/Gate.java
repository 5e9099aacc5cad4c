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
 * Decides whether a new batch is taken: only while some worker is fresh, which is one whose
 * heartbeat is and whose GPU is not broken. Busy workers are fresh; how much waits never matters.
 *
 * @param staleAfter how old may be what is believed, heartbeats and faults of GPUs alike, all
 *     clocks being the database's
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
    if (able.stream().anyMatch(worker -> fresh(worker, slots))) {
      return new GateDecision.Open();
    }
    return new GateDecision.Closed(reason(workers, slots, gaveUp), RETRY_AFTER);
  }

  /**
   * Whether a worker can be believed to work.
   *
   * @param slots the worker's may be among them
   */
  public boolean fresh(WorkerView worker, Collection<SlotView> slots) {
    boolean beats = worker.sinceSeen().filter(age -> age.compareTo(staleAfter) <= 0).isPresent();
    return beats
        && slots.stream()
            .filter(slot -> slot.worker().equals(worker.id().worker()))
            .allMatch(slot -> standing(slot).isEmpty());
  }

  /** An old fault says nothing: nobody has looked at the GPU since. */
  private Optional<GpuFault> standing(SlotView slot) {
    return slot.gpuFault().filter(fault -> fault.age().compareTo(staleAfter) <= 0);
  }

  /** What a watchdog said that has gone since says nothing of a worker started without it. */
  private boolean gaveUp(SlotView slot) {
    return slot.state().waitsForPerson() && slot.sinceSeen().compareTo(staleAfter) <= 0;
  }

  private String reason(
      Collection<WorkerView> workers, Collection<SlotView> slots, List<SlotView> gaveUp) {
    if (!gaveUp.isEmpty()) {
      return "Worker offline: the supervisor gave up on it (" + gaveUp.getFirst().reason() + ")";
    }
    return slots.stream()
        .flatMap(slot -> standing(slot).stream())
        .findFirst()
        .map(fault -> "Worker offline: " + fault.reason())
        .orElseGet(() -> silence(workers));
  }

  private static String silence(Collection<WorkerView> workers) {
    return workers.stream()
        .flatMap(worker -> worker.sinceSeen().stream())
        .min(Comparator.naturalOrder())
        .map(age -> "Worker offline (last seen " + age.toSeconds() + "s ago)")
        .orElse("Worker offline (never seen)");
  }
}
