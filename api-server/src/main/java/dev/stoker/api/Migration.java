package dev.stoker.api;

import dev.stoker.database.DatabaseSettings;
import dev.stoker.database.Schema;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.postgresql.Driver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.jdbc.datasource.SimpleDriverDataSource;

/**
 * Brings the tables to what this build knows, while workers and other api-servers use them.
 *
 * <p>A migration that waits for a table which a long read holds would keep everybody else waiting
 * behind it. It waits {@value #LOCK_TIMEOUT} at most, lets the others pass, and tries again.
 */
final class Migration implements FlywayMigrationStrategy {
  static final String LOCK_TIMEOUT = "500ms";

  private static final int TRIES_MAX = 100;
  private static final Duration PAUSE = Duration.ofSeconds(1);

  /** PostgreSQL's lock_not_available. */
  private static final String LOCKED = "55P03";

  private static final Logger log = LoggerFactory.getLogger(Migration.class);

  /**
   * Connections of its own: what is set for a migration must not stay behind in a pool. A host that
   * is lost in the middle of one must not keep its locks for hours.
   */
  static DataSource dataSource(DatabaseSettings settings) {
    Properties properties = new Properties();
    properties.setProperty("user", settings.user());
    properties.setProperty("password", settings.password());
    properties.setProperty("ApplicationName", "stoker-migration");
    properties.setProperty("connectTimeout", "2");
    properties.setProperty("loginTimeout", "5");
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty(
        "options",
        "-c lock_timeout=%s -c idle_in_transaction_session_timeout=10min -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
            .formatted(LOCK_TIMEOUT));
    return new SimpleDriverDataSource(new Driver(), settings.jdbcUrl(), properties);
  }

  @Override
  public void migrate(Flyway flyway) {
    refuseNewer(flyway);
    for (int tries = 1; !migrated(flyway, tries); tries++) {
      LockSupport.parkNanos(PAUSE.toNanos());
    }
    // A newer build may have migrated while this one waited for its turn.
    refuseNewer(flyway);
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
      flyway.migrate();
      return true;
    } catch (FlywayException e) {
      if (tries == TRIES_MAX || !locked(e)) {
        throw e;
      }
      log.warn("A table to be changed is in use, try {} of {}", tries, TRIES_MAX);
      return false;
    }
  }

  private static boolean locked(FlywayException failure) {
    return NestedExceptionUtils.getMostSpecificCause(failure) instanceof SQLException cause
        && LOCKED.equals(cause.getSQLState());
  }
}
