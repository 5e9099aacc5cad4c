package dev.stoker.id;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * Makes UUIDs of version 7 (RFC 9562): 48 bits of milliseconds, then randomness that nobody can
 * guess. Ids made by one instance only grow, also when the clock is set back.
 */
public class OrderedIds {
  private final InstantSource clock;
  private final RandomGenerator random;
  private UUID last = new UUID(0, 0);

  public OrderedIds(InstantSource clock) {
    this(clock, new SecureRandom());
  }

  /**
   * @param random what the ids are guessed from, if it can be guessed
   */
  public OrderedIds(InstantSource clock, RandomGenerator random) {
    this.clock = clock;
    this.random = random;
  }

  public synchronized UUID next() {
    long millis = Math.max(clock.millis(), last.getMostSignificantBits() >>> 16);
    UUID made = at(millis);
    if (made.toString().compareTo(last.toString()) <= 0) {
      made = at(millis + 1);
    }
    last = made;
    return made;
  }

  private UUID at(long millis) {
    long high = (millis << 16) | 0x7000L | (random.nextLong() & 0x0FFFL);
    long low = 0x8000000000000000L | (random.nextLong() & 0x3FFFFFFFFFFFFFFFL);
    return new UUID(high, low);
  }
}
