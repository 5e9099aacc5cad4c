package dev.stoker.worker;

import dev.stoker.health.GpuPin;
import dev.stoker.settings.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * @param name the slot that this process fills
 * @param incarnation the place a watchdog has reserved for it; a worker started by hand reserves
 *     its own
 * @param inFlightFile where it notes which lines its engine has
 * @param gpus those that it may use
 * @param heartbeatEvery how often it beats
 * @param drainGrace how long what runs may take to finish after SIGTERM
 */
record WorkerSettings(
    String name,
    Optional<Long> incarnation,
    Optional<Path> inFlightFile,
    GpuPin gpus,
    Duration heartbeatEvery,
    Duration drainGrace) {

  static WorkerSettings from(Settings settings, String host) {
    long incarnation =
        settings.number(
            "STOKER_WORKER_INCARNATION",
            0,
            0,
            Long.MAX_VALUE,
            "set by the watchdog: the place reserved for this process");
    return new WorkerSettings(
        settings
            .optional("STOKER_WORKER_NAME", "set by the watchdog: the worker slot, host/number")
            .orElse(host + "/0"),
        Optional.of(incarnation).filter(number -> number > 0),
        settings
            .optional(
                "STOKER_IN_FLIGHT_FILE",
                "set by the watchdog: where the worker notes which lines its engine has, in memory")
            .map(Path::of),
        GpuPin.of(
            settings.text(
                "CUDA_VISIBLE_DEVICES",
                "",
                "the GPUs that a worker may use; set by the watchdog if STOKER_WORKER_GPUS is")),
        settings.duration(
            "STOKER_HEARTBEAT_EVERY",
            Duration.ofSeconds(5),
            Duration.ofMillis(100),
            Duration.ofMinutes(1),
            "how often a worker shows a sign of life"),
        settings.duration(
            "STOKER_DRAIN_GRACE",
            Duration.ofSeconds(20),
            Duration.ZERO,
            Duration.ofHours(1),
            "how long running requests may take to finish after SIGTERM"));
  }

  /** The name of its log and run file: worker for slot 0, worker-1 for slot 1, and so on. */
  String runName() {
    return slot().equals("0") ? "worker" : "worker-" + slot();
  }

  /** The name of the log of a server that it starts: engine-0 for slot 0, and so on. */
  String serverName() {
    return "engine-" + slot();
  }

  private String slot() {
    return name.substring(name.lastIndexOf('/') + 1);
  }
}
