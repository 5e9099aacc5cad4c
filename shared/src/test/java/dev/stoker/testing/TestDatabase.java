package dev.stoker.testing;

import dev.stoker.database.Database;
import dev.stoker.database.DatabaseSettings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * A migrated database of its own for a test class, empty before each test:
 *
 * <pre>{@code
 * @RegisterExtension static final TestDatabase database = new TestDatabase();
 * }</pre>
 */
public final class TestDatabase implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {

  private static final int CONNECTIONS_MAX = 8;

  private String owner = "";
  private DatabaseSettings settings;
  private Database database;

  /** For the code under test. */
  public Database database() {
    return database;
  }

  /** For arranging and asserting. */
  public JdbcClient jdbc() {
    return database.jdbc();
  }

  /** For code under test that opens the database itself. */
  public DatabaseSettings settings() {
    return settings;
  }

  /** For processes under test. */
  public Map<String, String> environment() {
    return TestPostgres.environment(settings);
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    if (database == null) { // else a class nested in the one that owns it
      owner = context.getUniqueId();
      settings = TestPostgres.create();
      database = Database.open(settings, "stoker-test", CONNECTIONS_MAX);
    }
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    List<String> tables =
        jdbc()
            .sql(
                """
                SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
                  AND tablename <> 'flyway_schema_history'
                """)
            .query(String.class)
            .list();
    if (!tables.isEmpty()) {
      database.transactions().executeWithoutResult(_ -> truncate(tables));
    }
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (owner.equals(context.getUniqueId())) {
      database.close();
      database = null;
      TestPostgres.drop(settings);
    }
  }

  /** Fails rather than waits behind a transaction that an earlier test left open. */
  private void truncate(List<String> tables) {
    jdbc().sql("SET LOCAL lock_timeout = '10s'").update();
    jdbc().sql("TRUNCATE " + String.join(", ", tables) + " RESTART IDENTITY CASCADE").update();
  }
}
