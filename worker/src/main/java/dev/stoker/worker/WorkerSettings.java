package dev.stoker.worker;

import dev.stoker.settings.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * @param name the slot that this process fills
 * @param incarnation the place a watchdog has reserved for it; a worker started by hand reserves
 *     its own
 * @param inFlightFile where it notes which lines its engine has
 * @param engine which engine computes answers
 * @param heartbeatEvery how often it beats
 * @param drainGrace how long what runs may take to finish after SIGTERM
 */
record WorkerSettings(
    String name,
    Optional<Long> incarnation,
    Optional<Path> inFlightFile,
    String engine,
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
        settings.oneOf(
            "STOKER_ENGINE",
            "onnx",
            List.of("onnx", "llama", "null"),
            "what computes answers; null answers every request with an empty object, for measurements"),
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
    String slot = name.substring(name.lastIndexOf('/') + 1);
    return slot.equals("0") ? "worker" : "worker-" + slot;
  }
}
