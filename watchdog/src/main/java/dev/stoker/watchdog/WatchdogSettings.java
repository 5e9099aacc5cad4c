package dev.stoker.watchdog;

import dev.stoker.database.DatabaseSettings;
import dev.stoker.health.HostName;
import dev.stoker.logging.ProcessLog;
import dev.stoker.settings.Settings;
import dev.stoker.watchdog.alert.AlertSettings;
import dev.stoker.watchdog.gpu.GpuSettings;
import dev.stoker.watchdog.process.WorkerCommand;
import dev.stoker.watchdog.process.WorkerResources;
import dev.stoker.watchdog.slot.SlotSettings;
import java.time.Duration;
import java.util.regex.Pattern;

/**
 * Everything that the watchdog is told at start.
 *
 * @param host what its slots are named after
 * @param workers how many slots this host has
 * @param byHand whether a person starts it
 */
record WatchdogSettings(
    String host,
    int workers,
    boolean byHand,
    SlotSettings slots,
    WorkerCommand command,
    WorkerResources resources,
    DatabaseSettings database,
    ProcessLog log,
    AlertSettings alerts,
    GpuSettings gpu) {

  private static final Duration TICK_MAX = Duration.ofSeconds(2);
  private static final Duration CALM_LOOK_MAX = Duration.ofMillis(7500);
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._-]+");
  private static final int WORKERS_MAX = 64;
  private static final Duration GPU_LOOK_MAX = Duration.ofSeconds(5);
  private static final int TICKS_PER_STALE_WINDOW = 8;
  private static final int LOOKS_PER_STALE_WINDOW = 8;

  /** Also a driver that fails, and is asked an eighth as often, is asked within the window. */
  private static final int GPU_LOOKS_PER_STALE_WINDOW = 12;

  static WatchdogSettings from(Settings settings) {
    WorkerResources resources = WorkerResources.from(settings);
    WatchdogSettings read =
        new WatchdogSettings(
            host(settings),
            workers(settings, resources.gpus().size()),
            settings.flag(
                "STOKER_START_BY_HAND",
                false,
                "set by start-all.sh: the first start of each worker costs no restart, also after a give-up"),
            SlotSettings.from(settings),
            WorkerCommand.from(settings),
            resources,
            DatabaseSettings.from(settings),
            ProcessLog.from(settings),
            AlertSettings.from(settings),
            GpuSettings.from(settings));
    settings.verify();
    return read;
  }

  /** As many as there are GPUs to share out, if there are. */
  private static int workers(Settings settings, int gpus) {
    int workers =
        settings.integer(
            "STOKER_WORKERS", Math.max(1, gpus), 1, WORKERS_MAX, "worker processes on this host");
    settings.require(
        gpus == 0 || workers == gpus,
        "STOKER_WORKERS="
            + workers
            + " differs from the number of STOKER_WORKER_GPUS, which is "
            + gpus
            + "; leave it out");
    settings.require(
        gpus <= WORKERS_MAX, "STOKER_WORKER_GPUS names more than " + WORKERS_MAX + " GPUs");
    return workers;
  }

  private static String host(Settings settings) {
    String host =
        settings
            .optional(
                "STOKER_HOST_NAME",
                "distinguishes installations that share a database and a host; if absent, the host's name")
            .orElseGet(HostName::read);
    settings.require(
        HOST.matcher(host).matches(),
        "STOKER_HOST_NAME=" + host + " must be made of letters, digits, dots, - and _");
    return host;
  }

  /** How often the watchdog looks; at once, besides, when a worker dies. */
  Duration tick() {
    Duration fraction = slots.staleAfter().dividedBy(TICKS_PER_STALE_WINDOW);
    return fraction.compareTo(TICK_MAX) < 0 ? fraction : TICK_MAX;
  }

  /** How often the database is read while every worker runs well. */
  Duration calmLook() {
    Duration fraction = slots.staleAfter().dividedBy(LOOKS_PER_STALE_WINDOW);
    Duration most = fraction.compareTo(CALM_LOOK_MAX) < 0 ? fraction : CALM_LOOK_MAX;
    return most.compareTo(tick()) < 0 ? tick() : most;
  }

  /** How often the GPUs are looked at, where there are any. */
  Duration gpuLook() {
    Duration fraction = slots.staleAfter().dividedBy(GPU_LOOKS_PER_STALE_WINDOW);
    return fraction.compareTo(GPU_LOOK_MAX) < 0 ? fraction : GPU_LOOK_MAX;
  }
}
