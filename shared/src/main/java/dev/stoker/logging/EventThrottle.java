package dev.stoker.logging;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.LongSupplier;

/**
 * Lets the first of many alike through at once, and then one for each pause, so that a storm is a
 * few events that say how many they stand for.
 */
final class EventThrottle {

  /** The oldest are forgotten: a fingerprint that varies without end must not fill the memory. */
  private static final int FINGERPRINTS_MAX = 1000;

  /** When one was let through, and how many have been held back since. */
  private record Sent(long at, int heldBack) {}

  private final Duration pause;
  private final LongSupplier ticker;
  private final Map<List<String>, Sent> sent =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<List<String>, Sent> eldest) {
          return size() > FINGERPRINTS_MAX;
        }
      };

  /**
   * @param ticker in nanoseconds
   */
  EventThrottle(Duration pause, LongSupplier ticker) {
    this.pause = pause;
    this.ticker = ticker;
  }

  /**
   * Whether one more may go.
   *
   * @return how many alike were held back since the last that went; empty if this one is held back
   */
  synchronized OptionalInt admit(List<String> fingerprint) {
    long now = ticker.getAsLong();
    Sent last = sent.get(fingerprint);
    if (last != null && now - last.at() < pause.toNanos()) {
      sent.put(fingerprint, new Sent(last.at(), last.heldBack() + 1));
      return OptionalInt.empty();
    }
    sent.remove(fingerprint); // to become the youngest
    sent.put(fingerprint, new Sent(now, 0));
    return OptionalInt.of(last == null ? 0 : last.heldBack());
  }
}
