package dev.stoker.watchdog.command;

import dev.stoker.health.GpuReading;
import dev.stoker.health.GpuView;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** GPUs as people and programs are shown them; without any there is nothing to show. */
record GpuLines(List<GpuView> gpus, Paint paint) {

  private static final String NOTHING = "-";
  private static final int BYTES_TO_MIB = 20;

  List<String> lines() {
    if (gpus.isEmpty()) {
      return List.of();
    }
    Columns columns =
        new Columns("GPU", "NAME", "MEMORY", "LOAD", "HEAT", "POWER", "SEEN", "FAULT");
    for (GpuView gpu : gpus) {
      GpuReading reading = gpu.reading();
      columns.row(
          gpu.host() + " " + reading.index(),
          name(reading),
          memory(reading),
          with(reading.utilisationPercent(), " %"),
          with(reading.temperatureCelsius(), " °C"),
          watts(reading.powerMilliwatts()),
          StatusCommand.age(gpu.age()),
          reading.fault());
    }
    List<String> lines = new ArrayList<>(columns.lines());
    for (int i = 0; i < gpus.size(); i++) {
      if (!gpus.get(i).reading().healthy()) {
        lines.set(i + 1, paint.bad(lines.get(i + 1)));
      }
    }
    return lines;
  }

  List<Map<String, Object>> data() {
    return gpus.stream().map(GpuLines::data).toList();
  }

  /** In one line, without what it is called. */
  static String sentence(GpuView gpu) {
    GpuReading reading = gpu.reading();
    return "%s, %s, %s, %s, seen %s ago%s"
        .formatted(
            name(reading),
            memory(reading),
            with(reading.temperatureCelsius(), " °C"),
            watts(reading.powerMilliwatts()),
            StatusCommand.age(gpu.age()),
            reading.healthy() ? "" : "; unhealthy: " + reading.fault());
  }

  private static Map<String, Object> data(GpuView gpu) {
    GpuReading reading = gpu.reading();
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("host", gpu.host());
    data.put("index", reading.index());
    data.put("uuid", reading.uuid());
    data.put("name", reading.name());
    data.put("memory_used_bytes", known(reading.memoryUsedBytes()));
    data.put("memory_total_bytes", known(reading.memoryTotalBytes()));
    data.put("utilisation_percent", known(reading.utilisationPercent()));
    data.put("temperature_c", known(reading.temperatureCelsius()));
    data.put("power_mw", known(reading.powerMilliwatts()));
    data.put("fault", reading.fault());
    data.put("age_ms", gpu.age().toMillis());
    return data;
  }

  private static String name(GpuReading reading) {
    return reading.name().isEmpty() ? NOTHING : reading.name();
  }

  private static String memory(GpuReading reading) {
    return reading.memoryUsedBytes().isPresent() && reading.memoryTotalBytes().isPresent()
        ? "%d of %d MiB"
            .formatted(
                reading.memoryUsedBytes().getAsLong() >> BYTES_TO_MIB,
                reading.memoryTotalBytes().getAsLong() >> BYTES_TO_MIB)
        : NOTHING;
  }

  private static String watts(OptionalLong milliwatts) {
    return milliwatts.isPresent() ? milliwatts.getAsLong() / 1000 + " W" : NOTHING;
  }

  private static String with(OptionalLong number, String unit) {
    return number.isPresent() ? number.getAsLong() + unit : NOTHING;
  }

  private static Long known(OptionalLong number) {
    return number.isPresent() ? number.getAsLong() : null;
  }
}
