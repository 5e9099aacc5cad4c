package dev.stoker.health;

import java.time.Duration;
import java.time.Instant;

/**
 * A GPU as the watchdog of its host last read it.
 *
 * @param seenAt the driver was asked no earlier, by the database's clock
 * @param age how long ago that was
 */
public record GpuView(String host, GpuReading reading, Instant seenAt, Duration age) {

  /** For people. */
  public String title() {
    return "GPU " + reading.index() + " of " + host;
  }
}
