package dev.stoker.watchdog.gpu;

import dev.stoker.health.GpuReading;
import java.util.List;
import java.util.OptionalLong;

/**
 * One GPU as the driver describes it. What a driver or a card does not know is empty.
 *
 * @param index by NVML's counting
 * @param uuid empty if the card does not answer at all
 * @param bus such as {@code 0000:61:00}, by which the kernel's log names it
 * @param fault NVML's error if the card is lost or asks for a reset, else 0
 * @param powerMilliwatts drawn now
 * @param uncorrectedErrors of its memory, since the driver was loaded
 * @param rowsPending memory is to be remapped at the next reset
 * @param rowsFailed memory could not be remapped
 * @param recoveryAction what the driver asks for; 0 is nothing
 * @param mig whether it is cut into instances
 */
public record Gpu(
    int index,
    String uuid,
    String name,
    String bus,
    int fault,
    OptionalLong usedBytes,
    OptionalLong totalBytes,
    OptionalLong temperatureCelsius,
    OptionalLong powerMilliwatts,
    OptionalLong utilisationPercent,
    OptionalLong uncorrectedErrors,
    boolean rowsPending,
    boolean rowsFailed,
    OptionalLong recoveryAction,
    boolean mig,
    List<Holder> holders) {

  /** The card has fallen off the bus. */
  static final int LOST = 15;

  static final int RESET_REQUIRED = 16;

  /** A process that computes on it, by its pid in the host's namespace. */
  public record Holder(long pid, OptionalLong usedBytes) {}

  /** For people. */
  String title() {
    return uuid.isEmpty() ? "GPU " + index : "GPU " + index + " (" + uuid + ")";
  }

  boolean answers() {
    return fault == 0;
  }

  /** Whether its driver says that it will not get well by itself. */
  boolean needsCare() {
    return !answers() || recoveryAction.orElse(0) != 0;
  }

  /**
   * What others are told of it.
   *
   * @param why it is of no use until a person has looked after it; empty while it is healthy
   */
  public GpuReading reading(String why) {
    return new GpuReading(
        index,
        uuid,
        name,
        usedBytes,
        totalBytes,
        utilisationPercent,
        temperatureCelsius,
        powerMilliwatts,
        why);
  }
}
