package dev.stoker.worker.liveness;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which of several loops stands still, judged by how often each has turned. For one thread.
 *
 * <p>A look that comes much later than it should proves that the whole process stood still, or its
 * host: no loop is to blame for that, so every one begins anew.
 */
final class Starvation {

  /** Between two looks of a process that runs lies a second. */
  static final Duration PAUSE_MAX = Duration.ofSeconds(10);

  /** A loop that has not turned, and for how long. */
  record Starved(String loop, Duration since) {}

  private record Seen(long turns, long atNanos) {}

  private final Map<String, Seen> seen = new HashMap<>();
  private Optional<Long> lookedAt = Optional.empty();

  /**
   * @param turns of each loop
   * @return the loop that has stood still for longest
   */
  Optional<Starved> longest(Map<String, Long> turns, long nowNanos) {
    if (lookedAt.filter(at -> nowNanos - at > PAUSE_MAX.toNanos()).isPresent()) {
      seen.clear();
    }
    lookedAt = Optional.of(nowNanos);
    seen.keySet().retainAll(turns.keySet());
    turns.forEach(
        (loop, count) ->
            seen.merge(
                loop, new Seen(count, nowNanos), (old, now) -> old.turns() == count ? old : now));
    return seen.keySet().stream()
        .map(loop -> new Starved(loop, still(loop, nowNanos)))
        .max(Comparator.comparing(Starved::since));
  }

  /** How long a loop has stood still; nothing for one that is not known. */
  Duration still(String loop, long nowNanos) {
    Seen last = seen.get(loop);
    return last == null ? Duration.ZERO : Duration.ofNanos(nowNanos - last.atNanos());
  }
}
