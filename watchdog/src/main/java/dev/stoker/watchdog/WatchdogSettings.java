package dev.stoker.watchdog;

import dev.stoker.database.DatabaseSettings;
import dev.stoker.settings.Settings;
import dev.stoker.watchdog.alert.AlertSettings;
import dev.stoker.watchdog.process.WorkerCommand;
import dev.stoker.watchdog.slot.SlotSettings;
import java.time.Duration;

/**
 * Everything that the watchdog is told at start.
 *
 * @param workers how many slots this host has
 */
record WatchdogSettings(
    int workers,
    SlotSettings slots,
    WorkerCommand command,
    DatabaseSettings database,
    AlertSettings alerts) {

  private static final Duration TICK_MAX = Duration.ofSeconds(1);
  private static final int TICKS_PER_STALE_WINDOW = 8;

  static WatchdogSettings from(Settings settings) {
    WatchdogSettings read =
        new WatchdogSettings(
            settings.integer("STOKER_WORKERS", 1, 1, 64, "worker processes on this host"),
            SlotSettings.from(settings),
            WorkerCommand.from(settings),
            DatabaseSettings.from(settings),
            AlertSettings.from(settings));
    settings.verify();
    return read;
  }

  /** How often the watchdog looks; at once, besides, when a worker dies. */
  Duration tick() {
    Duration fraction = slots.staleAfter().dividedBy(TICKS_PER_STALE_WINDOW);
    return fraction.compareTo(TICK_MAX) < 0 ? fraction : TICK_MAX;
  }
}
