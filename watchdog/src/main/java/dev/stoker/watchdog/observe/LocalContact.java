package dev.stoker.watchdog.observe;

import dev.stoker.health.LocalBeat;
import dev.stoker.watchdog.slot.LocalSeen;
import java.time.Duration;
import java.util.Optional;

/**
 * A worker's local heartbeat as this process has watched it. Only a change proves life, and only
 * time that this process has watched proves the want of it.
 *
 * @param incarnation whose heartbeat
 * @param newest what it last showed; empty before that
 * @param movedAt when that changed, by the monotonic clock
 */
public record LocalContact(long incarnation, Optional<LocalBeat.Reading> newest, long movedAt) {

  /** Before the first look at this incarnation. */
  public static LocalContact of(long incarnation) {
    return new LocalContact(incarnation, Optional.empty(), 0);
  }

  /** Takes in what the file says now; what is there of another incarnation says nothing. */
  public LocalContact seen(Optional<LocalBeat.Reading> reading, long now) {
    Optional<LocalBeat.Reading> ours =
        reading.filter(present -> present.incarnation() == incarnation);
    if (ours.isEmpty()) {
      return of(incarnation); // whoever took the file away, it was not the worker
    }
    boolean moved = newest.isEmpty() || newest.get().beats() != ours.get().beats();
    return new LocalContact(incarnation, ours, moved ? now : movedAt);
  }

  /** This process stood still: nobody watched. */
  public LocalContact paused(long now) {
    return new LocalContact(incarnation, newest, now);
  }

  public Optional<LocalSeen> at(long now) {
    return newest.map(
        reading ->
            new LocalSeen(
                Duration.ofNanos(now - movedAt), reading.engineSteps(), reading.inFlight()));
  }
}
