package dev.stoker.health;

import java.util.OptionalLong;

/**
 * What the driver says of one GPU. What it does not know, or what cannot be, is empty.
 *
 * @param index by the driver's counting
 * @param uuid empty if the GPU does not answer
 * @param fault why it is of no use until a person has looked after it; empty while it is healthy
 */
public record GpuReading(
    int index,
    String uuid,
    String name,
    OptionalLong memoryUsedBytes,
    OptionalLong memoryTotalBytes,
    OptionalLong utilisationPercent,
    OptionalLong temperatureCelsius,
    OptionalLong powerMilliwatts,
    String fault) {

  private static final long PERCENT_MAX = 100;
  private static final long CELSIUS_MIN = -273;
  private static final long CELSIUS_MAX = 1000;

  /** One wild number of a driver's must not keep all the others from being told. */
  public GpuReading {
    memoryUsedBytes = within(memoryUsedBytes, 0, Long.MAX_VALUE);
    memoryTotalBytes = within(memoryTotalBytes, 0, Long.MAX_VALUE);
    utilisationPercent = within(utilisationPercent, 0, PERCENT_MAX);
    temperatureCelsius = within(temperatureCelsius, CELSIUS_MIN, CELSIUS_MAX);
    powerMilliwatts = within(powerMilliwatts, 0, Long.MAX_VALUE);
  }

  public boolean healthy() {
    return fault.isEmpty();
  }

  private static OptionalLong within(OptionalLong number, long min, long max) {
    return number.stream().filter(value -> value >= min && value <= max).findFirst();
  }
}
