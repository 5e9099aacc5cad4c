package dev.stoker.api.intake;

import dev.stoker.settings.Settings;

/**
 * The limits of a batch.
 *
 * @param linesMax requests in one batch
 */
public record IntakeSettings(int linesMax) {

  public static IntakeSettings from(Settings settings) {
    return new IntakeSettings(
        settings.integer(
            "STOKER_BATCH_LINES_MAX", 50_000, 1, 10_000_000, "the most requests of one batch"));
  }
}
