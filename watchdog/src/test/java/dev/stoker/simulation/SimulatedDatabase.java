package dev.stoker.simulation;

import dev.stoker.database.Database;
import dev.stoker.database.DatabaseSettings;
import dev.stoker.testing.TestPostgres;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.postgresql.ds.PGSimpleDataSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * A real schema whose clock is set by hand. PostgreSQL looks for a function in the order of its
 * search path, so that one of ours stands before its own.
 */
final class SimulatedDatabase implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final String CLOCK =
      """
      CREATE SEQUENCE simulated_clock;
      CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE plpgsql STABLE AS
      $$ BEGIN RETURN to_timestamp((SELECT last_value FROM public.simulated_clock) / 1e6::float8); END $$;
      CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql STABLE AS
      $$ BEGIN RETURN public.now(); END $$;
      DO
      $$
      DECLARE
          c record;
      BEGIN
          FOR c IN SELECT table_name, column_name FROM information_schema.columns
                   WHERE table_schema = 'public' AND column_default = 'now()' LOOP
              EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET DEFAULT public.now()', c.table_name, c.column_name);
          END LOOP;
          EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database());
          EXECUTE format('ALTER DATABASE %I SET plan_cache_mode = force_generic_plan', current_database());
          EXECUTE format('ALTER DATABASE %I SET jit = off', current_database());
      END
      $$
      """;

  private static final List<String> TABLES =
      List.of(
          "result_group",
          "line_strike",
          "shard",
          "file_part",
          "file",
          "batch",
          "worker_heartbeat",
          "worker_slot",
          "recovery",
          "model");

  private final DatabaseSettings settings = TestPostgres.create();
  private final SingleConnectionDataSource observing;
  private final JdbcClient observer;
  private final SimulatedNetwork network;
  private int clears;

  SimulatedDatabase() {
    try (Database setting = Database.dedicated(settings, "stoker-simulation", PATIENCE)) {
      setting.jdbc().sql(CLOCK).update();
    }
    PGSimpleDataSource server = new PGSimpleDataSource();
    server.setUrl(settings.jdbcUrl());
    server.setUser(settings.user());
    server.setPassword(settings.password());
    server.setPrepareThreshold(2);
    this.network = new SimulatedNetwork(server);
    this.observing =
        new SingleConnectionDataSource(
            settings.jdbcUrl(), settings.user(), settings.password(), true);
    this.observer = JdbcClient.create(observing);
  }

  SimulatedNetwork network() {
    return network;
  }

  /** Sees what is committed, and takes no turns. */
  JdbcClient observer() {
    return observer;
  }

  void tell(Instant now) {
    long micros = now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
    observer().sql("SELECT setval('simulated_clock', " + micros + ")").query(Long.class).single();
  }

  /** Whether a server process waits for locks, and only for those of tasks that wait themselves. */
  boolean lockedOut(int backend) {
    List<Integer> blockers =
        observer()
            .sql("SELECT unnest(pg_blocking_pids(:pid))")
            .param("pid", backend)
            .query(Integer.class)
            .list();
    Set<Integer> waiting = network.backendsInTransaction();
    return !blockers.isEmpty()
        && blockers.stream().allMatch(pid -> waiting.contains(pid) || lockedOutToo(pid));
  }

  private boolean lockedOutToo(int backend) {
    return !observer()
        .sql("SELECT pg_blocking_pids(:pid) = '{}'")
        .param("pid", backend)
        .query(Boolean.class)
        .single();
  }

  /** Deleting is faster where there is little; now and then the space is wanted back. */
  void clear() {
    if (clears++ % 50 == 49) {
      observer().sql("TRUNCATE " + String.join(", ", TABLES) + " CASCADE").update();
    } else {
      observer().sql("DELETE FROM " + String.join("; DELETE FROM ", TABLES)).update();
    }
  }

  @Override
  public void close() {
    observing.destroy();
    TestPostgres.drop(settings);
  }
}
