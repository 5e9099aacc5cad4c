package dev.stoker.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.database.Database;
import dev.stoker.testing.TestDatabase;
import dev.stoker.testing.Until;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.jdbc.datasource.DelegatingDataSource;

class MigrationTest {
  private static final Until SOON = Until.within(Duration.ofSeconds(20));

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  @AfterEach
  void undo() {
    update("ALTER TABLE result_group DROP COLUMN IF EXISTS later");
    update("DELETE FROM flyway_schema_history WHERE version::int >= 1000");
  }

  /** A download may read for minutes; whoever waits behind a waiting migration would starve. */
  @Test
  void a_migration_that_waits_for_a_long_read_lets_everybody_else_pass() throws Exception {
    Flyway flyway = flyway("classpath:db/migration", "classpath:upgrade");
    try (Database reader = Database.open(database.settings(), "long read", 1)) {
      CompletableFuture<Void> migration =
          reader
              .transactions()
              .execute(
                  _ -> {
                    reader.jdbc().sql("SELECT count(*) FROM result").query(Long.class).single();
                    CompletableFuture<Void> begun =
                        CompletableFuture.runAsync(() -> new Migration().migrate(flyway));
                    SOON.holds(MigrationTest::somebodyWaitsForTheTable);
                    assertThat(rows()).isZero();
                    assertThat(begun).isNotDone();
                    return begun;
                  });
      // It was a later build's, which this one sees when it looks again.
      assertThatThrownBy(() -> migration.get(20, TimeUnit.SECONDS))
          .hasCauseInstanceOf(UnknownSchema.class);
    }
    assertThat(flyway.info().current().getVersion().getVersion()).isEqualTo("1000");
  }

  @Test
  void a_database_that_comes_and_goes_is_waited_for_and_a_deadlock_tried_again() {
    AtomicInteger connections = new AtomicInteger();
    DataSource flickering =
        new DelegatingDataSource(migrations()) {
          @Override
          public Connection getConnection() throws SQLException {
            int number = connections.incrementAndGet();
            if (number == 1 || number == 3) {
              throw new SQLException("there is none", "08001");
            }
            if (number == 5) {
              throw new SQLException("deadlock detected", "40P01");
            }
            return super.getConnection();
          }
        };

    new Migration().migrate(flyway(flickering, "classpath:db/migration"));

    assertThat(connections).hasValueGreaterThan(5);
  }

  @Test
  void a_database_that_refuses_its_user_is_not_tried_again() {
    AtomicInteger connections = new AtomicInteger();
    DataSource refusing =
        new DelegatingDataSource(migrations()) {
          @Override
          public Connection getConnection() throws SQLException {
            connections.incrementAndGet();
            throw new SQLException("the password is wrong", "28P01");
          }
        };

    assertThatThrownBy(() -> new Migration().migrate(flyway(refusing, "classpath:db/migration")))
        .isInstanceOf(FlywayException.class)
        .hasRootCauseMessage("the password is wrong");
    assertThat(connections).hasValue(1);
  }

  @Test
  void a_schema_of_a_later_build_is_refused_and_left_as_it_is() {
    flyway("classpath:db/migration", "classpath:upgrade").migrate();
    Flyway earlier = flyway("classpath:db/migration");

    assertThatThrownBy(() -> new Migration().migrate(earlier))
        .isInstanceOf(UnknownSchema.class)
        .hasMessageContaining("schema version 1000")
        .hasMessageContaining("Start the newer build");
  }

  private static boolean somebodyWaitsForTheTable() {
    return database
        .jdbc()
        .sql(
            "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'result_group'::regclass AND NOT granted")
        .query(Boolean.class)
        .single();
  }

  private static long rows() {
    return database.jdbc().sql("SELECT count(*) FROM result").query(Long.class).single();
  }

  private static Flyway flyway(String... locations) {
    return flyway(migrations(), locations);
  }

  private static Flyway flyway(DataSource source, String... locations) {
    return Flyway.configure().dataSource(source).locations(locations).load();
  }

  private static DataSource migrations() {
    return Database.forMigrations(database.settings(), Migration.LOCK_TIMEOUT);
  }

  private static void update(String statement) {
    database.jdbc().sql(statement).update();
  }
}
