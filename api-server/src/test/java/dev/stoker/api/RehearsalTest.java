package dev.stoker.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.database.Schema;
import dev.stoker.settings.Settings;
import dev.stoker.testing.TestDatabase;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;
import org.springframework.context.ConfigurableApplicationContext;

class RehearsalTest {
  private static final String VALIDATING =
      """
      INSERT INTO batch (id, endpoint, input_file_id, completion_window, status, expires_at)
      VALUES (gen_random_uuid(), '/v1/embeddings', 'file-none', '24h', 'validating', now() + interval '1 day')
      """;

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  @TempDir private Path logs;

  @Test
  void a_rehearsal_judges_no_batch() throws IOException {
    database.jdbc().sql(VALIDATING).update();

    Rehearsal.of(settings(database.environment()));

    assertThat(database.jdbc().sql("SELECT status FROM batch").query(String.class).single())
        .isEqualTo("validating");
  }

  @Test
  void a_rehearsal_migrates_nothing() {
    String newest = Integer.toString(Schema.KNOWN_VERSION);
    String older = Schema.KNOWN_VERSION - 1 + ".5";
    renameMigration(newest, older);
    try {
      assertThatThrownBy(() -> Rehearsal.of(settings(database.environment())))
          .hasRootCauseMessage("there is something to migrate, which a real start does");
    } finally {
      renameMigration(older, newest);
    }
  }

  private static void renameMigration(String from, String to) {
    database
        .jdbc()
        .sql("UPDATE flyway_schema_history SET version = ? WHERE version = ?")
        .params(to, from)
        .update();
  }

  @Test
  void nothing_of_a_start_but_the_migration_needs_a_database() throws IOException {
    Map<String, String> environment = new HashMap<>(database.environment());
    environment.put("STOKER_DATABASE_URL", "postgresql://127.0.0.1:" + closedPort() + "/none");
    SpringApplication application = ApiServer.application(settings(environment), "api_server");
    application.addInitializers(
        context ->
            context.addBeanFactoryPostProcessor(
                beans -> withoutMigration((BeanDefinitionRegistry) beans)));

    try (ConfigurableApplicationContext started = application.run()) {
      assertThat(started.isRunning()).isTrue();
    }
  }

  private static void withoutMigration(BeanDefinitionRegistry beans) {
    beans.removeBeanDefinition("migration");
    beans.registerBeanDefinition(
        "migration", new RootBeanDefinition(FlywayMigrationStrategy.class, () -> _ -> {}));
  }

  private ApiSettings settings(Map<String, String> database) {
    Map<String, String> environment = new HashMap<>(database);
    environment.put("STOKER_API_PORT", "0");
    environment.put("STOKER_LOG_DIR", logs.toString());
    return ApiSettings.from(new Settings(environment));
  }

  private static int closedPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
