package dev.stoker.api.files;

import dev.stoker.loop.Loop;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes uploads that stand still, files past their time, and the results of deleted files. */
final class FileSweeper implements Loop.Step {
  static final Duration STALLED = Duration.ofHours(1);
  private static final int GROUPS_PORTION = 50;
  private static final Logger log = LoggerFactory.getLogger(FileSweeper.class);

  private final FileUseTable files;

  FileSweeper(FileUseTable files) {
    this.files = files;
  }

  @Override
  public boolean run() {
    int stalled = files.sweepStalledUploads(STALLED);
    int expired = files.sweepExpiredFiles();
    int results = files.sweepResults(GROUPS_PORTION);
    if (stalled + expired + results > 0) {
      log.info(
          "swept {} stalled uploads, {} files, {} groups of results", stalled, expired, results);
    }
    return expired > 0 || results == GROUPS_PORTION;
  }
}
