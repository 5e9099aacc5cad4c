package dev.stoker.api;

import dev.stoker.api.files.UploadSettings;
import dev.stoker.api.http.HttpSettings;
import dev.stoker.api.intake.IntakeSettings;
import dev.stoker.database.DatabaseSettings;
import dev.stoker.health.Gate;
import dev.stoker.health.RespawnLimits;
import dev.stoker.logging.ErrorReports;
import dev.stoker.logging.ProcessLog;
import dev.stoker.settings.Settings;

/** All that can be set. */
public record ApiSettings(
    HttpSettings http,
    DatabaseSettings database,
    UploadSettings upload,
    IntakeSettings intake,
    Gate gate,
    RespawnLimits respawns,
    ProcessLog log,
    ErrorReports reports) {

  /**
   * @throws dev.stoker.settings.InvalidSettings naming every wrong key
   */
  public static ApiSettings from(Settings settings) {
    ApiSettings read =
        new ApiSettings(
            HttpSettings.from(settings),
            DatabaseSettings.from(settings),
            UploadSettings.from(settings),
            IntakeSettings.from(settings),
            Gate.from(settings),
            RespawnLimits.from(settings),
            ProcessLog.from(settings),
            ErrorReports.from(settings));
    settings.verify();
    return read;
  }

  /** The same, but that it listens where nobody asks. */
  ApiSettings forRehearsal() {
    HttpSettings apart = new HttpSettings("127.0.0.1", 0, false);
    return new ApiSettings(apart, database, upload, intake, gate, respawns, log, reports);
  }
}
