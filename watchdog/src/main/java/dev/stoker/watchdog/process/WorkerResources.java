package dev.stoker.watchdog.process;

import dev.stoker.health.GpuPin;
import dev.stoker.settings.Settings;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a worker gets of its host; without any of it, all of them share everything.
 *
 * @param gpus for each slot the one that its worker sees
 * @param cpuQuota in percent of one processor, as systemd's CPUQuota
 * @param memoryMax in bytes or with K, M, G or T, as systemd's MemoryMax
 * @param numaNode whose processors and memory it uses
 */
public record WorkerResources(
    List<String> gpus,
    Optional<String> cpuQuota,
    Optional<String> memoryMax,
    Optional<String> numaNode) {

  public static final WorkerResources ALL =
      new WorkerResources(List.of(), Optional.empty(), Optional.empty(), Optional.empty());

  private static final Pattern GPU = Pattern.compile("[A-Za-z0-9/-]+");
  private static final Pattern QUOTA = Pattern.compile("[1-9]\\d{0,5}%");
  private static final Pattern MEMORY = Pattern.compile("[1-9]\\d{0,17}[KMGT]?");
  private static final Pattern NODE = Pattern.compile("\\d{1,4}");

  public static WorkerResources from(Settings settings) {
    String gpus =
        settings.text(
            "STOKER_WORKER_GPUS",
            "",
            "GPUs by number or UUID, such as 0,1: one worker for each, which sees only its own");
    return new WorkerResources(
        gpus.isEmpty() ? List.of() : gpus(settings, gpus),
        matching(
            settings,
            "STOKER_WORKER_CPU_QUOTA",
            "processor time of each worker, such as 200% for two processors; needs systemd",
            QUOTA,
            "a percentage, such as 200%"),
        matching(
            settings,
            "STOKER_WORKER_MEMORY_MAX",
            "memory of each worker, such as 8G; needs systemd",
            MEMORY,
            "a size, such as 8G"),
        matching(
            settings,
            "STOKER_WORKER_NUMA_NODE",
            "the NUMA node whose processors and memory the workers use; needs numactl",
            NODE,
            "a node's number"));
  }

  /** Whether systemd has to set a limit. */
  boolean limited() {
    return cpuQuota.isPresent() || memoryMax.isPresent();
  }

  /** The GPUs of a slot. */
  public GpuPin pinOf(int slot) {
    return GpuPin.of(gpuOf(slot).orElse(""));
  }

  /** What the worker of a slot may see; empty for all. */
  Optional<String> gpuOf(int slot) {
    return slot < gpus.size() ? Optional.of(gpus.get(slot)) : Optional.empty();
  }

  private static List<String> gpus(Settings settings, String text) {
    List<String> gpus = List.of(text.strip().split("\\s*,\\s*", -1));
    settings.require(
        gpus.stream().allMatch(gpu -> GPU.matcher(gpu).matches()),
        "STOKER_WORKER_GPUS=" + text + " is not a list such as 0,1 or of UUIDs");
    return gpus;
  }

  private static Optional<String> matching(
      Settings settings, String key, String meaning, Pattern pattern, String allowed) {
    Optional<String> value = settings.optional(key, meaning);
    value.ifPresent(
        text ->
            settings.require(
                pattern.matcher(text).matches(), key + "=" + text + " is not " + allowed));
    return value;
  }
}
