package dev.stoker.worker.model;

import dev.stoker.health.GpuPin;
import dev.stoker.health.GpuTable;
import dev.stoker.health.GpuView;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The memory of the GPUs that this worker may use, as the watchdog of its host reads it. */
public final class GpuMemory {
  /** A watchdog that has been silent for longer tells nothing of now. */
  private static final Duration AGE_MAX = Duration.ofMinutes(1);

  /** What all these GPUs have together. */
  record Reading(long usedBytes, long freeBytes) {}

  private final GpuTable table;
  private final String host;
  private final GpuPin pin;

  public GpuMemory(GpuTable table, String host, GpuPin pin) {
    this.table = table;
    this.host = host;
    this.pin = pin;
  }

  Instant clock() {
    return table.clock();
  }

  /** The newest readings; empty where there is no GPU, or nobody reads them. */
  Optional<Reading> now() {
    return sum(
        table.all().stream()
            .filter(view -> view.host().equals(host) && view.age().compareTo(AGE_MAX) <= 0)
            .toList());
  }

  /** Readings that were all taken after a moment; empty until there are some. */
  Optional<Reading> since(Instant moment) {
    return sum(table.readings(host, moment));
  }

  private Optional<Reading> sum(List<GpuView> views) {
    long used = 0;
    long free = 0;
    boolean any = false;
    for (GpuView view : views) {
      OptionalLong usedHere = view.reading().memoryUsedBytes();
      OptionalLong totalHere = view.reading().memoryTotalBytes();
      if (covers(view) && usedHere.isPresent() && totalHere.isPresent()) {
        used += usedHere.getAsLong();
        free += totalHere.getAsLong() - usedHere.getAsLong();
        any = true;
      }
    }
    return any ? Optional.of(new Reading(used, free)) : Optional.empty();
  }

  private boolean covers(GpuView view) {
    return pin.covers(view.reading().index(), view.reading().uuid(), false);
  }
}
