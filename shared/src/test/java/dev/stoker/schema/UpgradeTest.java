package dev.stoker.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.database.Schema;
import dev.stoker.database.SchemaTable;
import dev.stoker.queue.FinishedLine;
import dev.stoker.queue.Lease;
import dev.stoker.queue.Settled;
import dev.stoker.queue.ShardTable;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.jdbc.support.SqlArrayValue;

class UpgradeTest {
  private static final String OLD = "old";

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  @AfterEach
  void forget() {
    database.jdbc().sql("DROP SCHEMA IF EXISTS " + OLD + " CASCADE").update();
    update("DELETE FROM flyway_schema_history WHERE version::int > " + Schema.KNOWN_VERSION);
  }

  /** Whoever adds a migration says here which one this build knows. */
  @Test
  void a_build_knows_its_newest_migration() {
    assertThat(new SchemaTable(database.jdbc()).schema()).isEqualTo(new Schema.Known());
  }

  @Test
  void a_newer_schema_is_refused_with_what_to_do() {
    int newer = Schema.KNOWN_VERSION + 1;
    update(
        """
        INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, installed_by,
                                           execution_time, success)
        VALUES (1000, %d, '', 'SQL', '', '', 0, true)
        """
            .formatted(newer));

    Schema schema = new SchemaTable(database.jdbc()).schema();

    assertThat(schema).isEqualTo(new Schema.Newer(newer));
    assertThat(((Schema.Newer) schema).reason())
        .contains("version " + newer, "up to " + Schema.KNOWN_VERSION, "Start the newer build");
  }

  @Test
  void an_older_schema_and_none_at_all_are_waited_for() {
    assertThat(Schema.of(Schema.KNOWN_VERSION - 1))
        .isEqualTo(new Schema.Older(Schema.KNOWN_VERSION - 1));
    update("ALTER TABLE flyway_schema_history RENAME TO away");
    try {
      assertThat(new SchemaTable(database.jdbc()).schema()).isEqualTo(new Schema.Older(0));
    } finally {
      update("ALTER TABLE away RENAME TO flyway_schema_history");
    }
  }

  /** Each migration may add; none may lose or change what was there. */
  @Test
  void rows_in_every_state_come_through_every_migration() throws IOException {
    migrate("1");
    inOld(text("/upgrade/every_state_of_V1.sql"));
    Map<String, List<String>> columns = columns();
    Map<String, String> before = contents(columns);
    assertThat(before).hasSize(8).allSatisfy((_, content) -> assertThat(content).isNotBlank());

    for (MigrationInfo next : flyway("latest").info().pending()) {
      migrate(next.getVersion().getVersion());

      assertThat(contents(columns)).as(next.getScript()).isEqualTo(before);
    }
    assertThat(flyway("latest").info().pending()).isEmpty();
  }

  /** It goes on until somebody replaces it. */
  @Test
  void a_worker_from_before_groups_of_results_settles_as_ever() throws IOException {
    Rows rows = new Rows(database);
    BatchId batch = rows.batch().part("m", 2).part("m", 2).insert();
    ShardTable shards = new ShardTable(database.jdbc());
    List<Lease> leases = shards.claim("host/0#1", List.of("m"), 2, Duration.ofMinutes(1));

    for (int again = 0; again < 2; again++) {
      List<Map<String, Object>> settled =
          database
              .jdbc()
              .sql(text("/upgrade/settle_of_V4.sql"))
              .param("batches", new SqlArrayValue("uuid", batch.value(), batch.value()))
              .param("ordinals", leases.stream().mapToInt(l -> l.key().ordinal()).toArray())
              .param("attempts", new int[] {1, 1})
              .param("slots", new int[] {2, 1, 1})
              .param("lines", new int[] {4, 1, 2})
              .param("succeeded", new boolean[] {true, true, false})
              .param("bodies", new byte[][] {{'d'}, {'a'}, {'b'}})
              .param("input", new long[3])
              .param("cached", new long[3])
              .param("output", new long[3])
              .param("reasoning", new long[3])
              .query()
              .listOfRows();
      assertThat(settled).as("one was done by then").hasSize(2 - again);
    }

    assertThat(rows.results(batch))
        .containsExactly(
            new Rows.Result(1, true, "a"),
            new Rows.Result(2, false, "b"),
            new Rows.Result(4, true, "d"));
    assertThat(rows.shard(leases.getFirst().key()).state()).isEqualTo("done");
    assertThat(shards.settle(List.of(FinishedLine.failed(leases.getLast(), 3, new byte[] {'c'}))))
        .containsExactly(new Settled(leases.getLast(), true));
    assertThat(rows.value(Integer.class, "SELECT max(part_line) FROM result_group")).isEqualTo(3);
  }

  private static void migrate(String version) {
    flyway(version).migrate();
  }

  private static Flyway flyway(String target) {
    return Flyway.configure()
        .dataSource(database.database().dataSource())
        .defaultSchema(OLD)
        .locations("classpath:db/migration")
        .target(target)
        .load();
  }

  private static Map<String, List<String>> columns() {
    return database
        .jdbc()
        .sql(
            """
            SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = ? AND table_name <> 'flyway_schema_history'
            """)
        .param(OLD)
        .query((row, _) -> Map.entry(row.getString(1), row.getString(2)))
        .list()
        .stream()
        .collect(
            Collectors.groupingBy(
                Map.Entry::getKey, Collectors.mapping(Map.Entry::getValue, Collectors.toList())));
  }

  private static Map<String, String> contents(Map<String, List<String>> columns) {
    return columns.entrySet().stream()
        .collect(
            Collectors.toMap(
                Map.Entry::getKey,
                table -> content(table.getKey(), String.join(", ", table.getValue()))));
  }

  private static String content(String table, String columns) {
    return String.join(
        "\n",
        database
            .jdbc()
            .sql("SELECT (%s)::text FROM %s.%s ORDER BY 1".formatted(columns, OLD, table))
            .query(String.class)
            .list());
  }

  private static void inOld(String statements) {
    database
        .database()
        .transactions()
        .executeWithoutResult(
            _ -> {
              update("SET LOCAL search_path = " + OLD);
              update(statements);
            });
  }

  private static void update(String statement) {
    database.jdbc().sql(statement).update();
  }

  private static String text(String resource) throws IOException {
    try (InputStream in = UpgradeTest.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
