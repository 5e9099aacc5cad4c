package dev.stoker.health;

import java.util.List;
import java.util.stream.Stream;

/**
 * Which GPUs a worker slot may use.
 *
 * @param entries of {@code CUDA_VISIBLE_DEVICES}: numbers or UUIDs, also the beginning of one; none
 *     for all GPUs
 */
public record GpuPin(List<String> entries) {

  private static final String MIG = "MIG-";

  /**
   * @param visibleDevices the value of {@code CUDA_VISIBLE_DEVICES}; empty for all GPUs
   */
  public static GpuPin of(String visibleDevices) {
    return new GpuPin(
        Stream.of(visibleDevices.split(",", -1))
            .map(String::strip)
            .filter(entry -> !entry.isEmpty())
            .toList());
  }

  /** That GPU alone. */
  public static GpuPin ofIndex(int index) {
    return new GpuPin(List.of(Integer.toString(index)));
  }

  /**
   * Whether it names a GPU. The UUID of an instance does not say which GPU it is part of.
   *
   * @param uuid empty if the GPU does not answer
   * @param mig whether it is cut into instances
   */
  public boolean covers(int index, String uuid, boolean mig) {
    return entries.isEmpty()
        || entries.stream()
            .anyMatch(entry -> entry.startsWith(MIG) ? mig : names(entry, index, uuid));
  }

  private static boolean names(String entry, int index, String uuid) {
    return Character.isDigit(entry.charAt(0))
        ? entry.equals(Integer.toString(index))
        : uuid.startsWith(entry);
  }
}
