package dev.stoker.watchdog;

import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Sets the database's clock, for sessions that begin after this was made: functions of its own take
 * the place of the clock's.
 */
final class ClockStep implements AutoCloseable {

  private final JdbcClient jdbc;
  private final String name;

  ClockStep(TestDatabase database) {
    jdbc = database.jdbc();
    name = jdbc.sql("SELECT current_database()").query(String.class).single();
    jdbc.sql("CREATE SCHEMA clock").update();
    jdbc.sql("CREATE TABLE clock.step AS SELECT interval '0' AS ahead").update();
    for (String function : new String[] {"now", "clock_timestamp"}) {
      jdbc.sql(
              """
              CREATE FUNCTION clock.%s() RETURNS timestamptz STABLE LANGUAGE sql
              AS 'SELECT pg_catalog.%s() + ahead FROM clock.step'
              """
                  .formatted(function, function))
          .update();
    }
    jdbc.sql("ALTER DATABASE \"%s\" SET search_path = clock, pg_catalog, public".formatted(name))
        .update();
  }

  void step(Duration ahead) {
    jdbc.sql("UPDATE clock.step SET ahead = ahead + :seconds * interval '1 second'")
        .param("seconds", ahead.toSeconds())
        .update();
  }

  @Override
  public void close() {
    jdbc.sql("ALTER DATABASE \"%s\" RESET search_path".formatted(name)).update();
    jdbc.sql("DROP SCHEMA clock CASCADE").update();
  }
}
