package dev.stoker.api.health;

import dev.stoker.health.GpuReading;
import dev.stoker.health.GpuView;
import java.util.OptionalLong;

/**
 * A GPU as the watchdog of its host last read it. What the driver does not know is null.
 *
 * @param ageSeconds how long ago it was read
 * @param fault why it is of no use until a person has looked after it; null while it is healthy
 */
record GpuObject(
    String host,
    int index,
    String uuid,
    String name,
    Long memoryUsedBytes,
    Long memoryTotalBytes,
    Long utilisationPercent,
    Long temperatureC,
    Long powerMw,
    String fault,
    long ageSeconds) {

  static GpuObject of(GpuView view) {
    GpuReading reading = view.reading();
    return new GpuObject(
        view.host(),
        reading.index(),
        reading.uuid(),
        reading.name(),
        known(reading.memoryUsedBytes()),
        known(reading.memoryTotalBytes()),
        known(reading.utilisationPercent()),
        known(reading.temperatureCelsius()),
        known(reading.powerMilliwatts()),
        reading.healthy() ? null : reading.fault(),
        view.age().toSeconds());
  }

  private static Long known(OptionalLong number) {
    return number.isPresent() ? number.getAsLong() : null;
  }
}
