package dev.stoker.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** A short run of {@code scripts/chaos}; longer ones are for a night. */
class ChaosIT {
  private static final Duration LENGTH = Duration.ofMinutes(3);

  /** Always the same: whoever changes something is not to be punished for a seed. */
  private static final long SEED = 5;

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path directory;

  @Test
  void whatever_breaks_nothing_accepted_is_lost_duplicated_or_wrong()
      throws IOException, InterruptedException, SQLException {
    // PostgreSQL runs as another user if this is root.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));

    Report report = new ChaosRun(SEED, LENGTH, directory, false, _ -> {}).run();

    assertThat(report.ledger().findings()).as(report.table()).isEmpty();
  }
}
