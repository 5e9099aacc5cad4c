package dev.stoker.api;

import dev.stoker.api.error.DatabaseFaults;
import dev.stoker.database.Schema;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;

/**
 * Brings the tables to what this build knows, while workers and other api-servers use them.
 *
 * <p>A migration that waits for a table which a long read holds would keep everybody else waiting
 * behind it. It waits for half a second at most, lets the others pass, and tries again. So it does
 * with a database that is away: nothing else of a start needs one.
 */
final class Migration implements FlywayMigrationStrategy {
  static final Duration LOCK_TIMEOUT = Duration.ofMillis(500);

  private static final int TRIES_MAX = 100;
  private static final Duration PAUSE = Duration.ofSeconds(1);

  /** PostgreSQL's lock_not_available and deadlock_detected. */
  private static final Set<String> LOCKED = Set.of("55P03", "40P01");

  /** The connection; the server stops or starts; it has too many. */
  private static final Pattern AWAY = Pattern.compile("08...|57P..|53300");

  private static final Logger log = LoggerFactory.getLogger(Migration.class);

  @Override
  public void migrate(Flyway flyway) {
    for (int tries = 1; !migrated(flyway, tries); tries++) {
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  private static void refuseNewer(Flyway flyway) {
    if (Schema.of(version(flyway)) instanceof Schema.Newer newer) {
      throw new UnknownSchema(newer.reason());
    }
  }

  private static int version(Flyway flyway) {
    return Optional.ofNullable(flyway.info().current())
        .map(MigrationInfo::getVersion)
        .map(version -> version.getMajor().intValueExact())
        .orElse(0);
  }

  private static boolean migrated(Flyway flyway, int tries) {
    try {
      refuseNewer(flyway);
      flyway.migrate();
      // A newer build may have migrated while this one waited for its turn.
      refuseNewer(flyway);
      return true;
    } catch (FlywayException e) {
      SQLException fault = DatabaseFaults.first(e).orElseThrow(() -> e);
      String state = Objects.toString(fault.getSQLState(), "");
      boolean locked = LOCKED.contains(state);
      if (tries == TRIES_MAX || !(locked || AWAY.matcher(state).matches())) {
        throw e;
      }
      String why = locked ? "A table to be changed is in use" : "The database cannot be reached";
      log.warn("{}, try {} of {}: {}", why, tries, TRIES_MAX, fault.getMessage());
      return false;
    }
  }
}
