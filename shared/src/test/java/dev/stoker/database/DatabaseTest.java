package dev.stoker.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.settings.Settings;
import dev.stoker.testing.TestDatabase;
import dev.stoker.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.CannotGetJdbcConnectionException;

class DatabaseTest {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  @Test
  void sessions_bear_the_name_of_their_application() {
    try (Database named = Database.open(database.settings(), "stoker-named", 1)) {
      assertThat(text(named, "SHOW application_name")).isEqualTo("stoker-named");
    }
  }

  @Test
  void test_sessions_are_in_an_odd_time_zone() {
    assertThat(text(database.database(), "SHOW timezone")).isEqualTo("Pacific/Chatham");
  }

  @Test
  void a_transaction_that_throws_leaves_nothing() {
    database.jdbc().sql("CREATE TABLE kept (id int)").update();
    try {
      assertThatThrownBy(
              () ->
                  database
                      .database()
                      .transactions()
                      .executeWithoutResult(
                          _ -> {
                            database.jdbc().sql("INSERT INTO kept VALUES (1)").update();
                            throw new IllegalStateException("provoked");
                          }))
          .hasMessage("provoked");
      assertThat(count()).isZero();
    } finally {
      database.jdbc().sql("DROP TABLE kept").update();
    }
  }

  @Test
  void tables_are_emptied_between_tests() {
    database.jdbc().sql("CREATE TABLE kept (id int)").update();
    try {
      database.jdbc().sql("INSERT INTO kept VALUES (1)").update();
      database.beforeEach(null);
      assertThat(count()).isZero();
    } finally {
      database.jdbc().sql("DROP TABLE kept").update();
    }
  }

  @Test
  void a_dedicated_connection_is_one_session() {
    try (Database dedicated = dedicated()) {
      assertThat(session(dedicated)).isEqualTo(session(dedicated));
    }
  }

  @Test
  void a_dedicated_connection_is_replaced_at_the_next_use_after_it_broke() {
    try (Database dedicated = dedicated()) {
      int before = session(dedicated);
      database.jdbc().sql("SELECT pg_terminate_backend(?, 5000)").param(before).query().singleRow();
      assertThat(session(dedicated)).isNotEqualTo(before);
    }
  }

  @Test
  void a_dedicated_connection_gives_up_on_a_silent_server() {
    try (Database dedicated = dedicated()) {
      assertThatThrownBy(() -> dedicated.jdbc().sql("SELECT pg_sleep(60)").query().singleRow())
          .rootCause()
          .isInstanceOf(java.net.SocketTimeoutException.class);
      assertThat(session(dedicated)).isPositive();
    }
  }

  @Test
  void opening_does_not_need_the_server_but_using_it_does(@TempDir Path directory)
      throws IOException {
    int port = TestPostgres.embeddedSettings(directory).port();
    DatabaseSettings nowhere =
        DatabaseSettings.from(
            new Settings(Map.of("STOKER_DATABASE_URL", "postgres://127.0.0.1:" + port)));
    try (Database early = Database.dedicated(nowhere, "early", Duration.ofSeconds(1));
        Database pool = Database.open(nowhere, "early", 1)) {
      assertThat(pool.dataSource()).isNotNull();
      assertThatThrownBy(() -> session(early)).isInstanceOf(CannotGetJdbcConnectionException.class);
    }
  }

  private static Database dedicated() {
    return Database.dedicated(database.settings(), "dedicated", Duration.ofSeconds(1));
  }

  private static int session(Database of) {
    return of.jdbc().sql("SELECT pg_backend_pid()").query(Integer.class).single();
  }

  private static int count() {
    return database.jdbc().sql("SELECT count(*) FROM kept").query(Integer.class).single();
  }

  private static String text(Database of, String statement) {
    return of.jdbc().sql(statement).query(String.class).single();
  }
}
