package dev.stoker.api;

import dev.stoker.database.Database;
import dev.stoker.loop.Loop;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.flywaydb.core.Flyway;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Starts a server where nobody asks, lets it answer once what changes nothing, and ends it: a JVM
 * that watches remembers what every start loads and links. Since it may be slow and be killed at
 * any time, it takes part in nothing: it judges no batch, ends none and migrates nothing.
 */
final class Rehearsal {
  private static final int CONNECTIONS_MAX = 2;
  private static final Duration ANSWER_TIMEOUT = Duration.ofMinutes(1);
  private static final List<String> ASKED =
      List.of("/health", "/v1/models", "/v1/files", "/v1/batches", "/v1/batches/none");

  private Rehearsal() {}

  /**
   * @throws RuntimeException if the database is away, or not as this build knows it
   */
  static void of(ApiSettings settings) throws IOException {
    ApiSettings apart = settings.forRehearsal();
    SpringApplication application = ApiServer.application(apart, "api_server-rehearsal");
    application.addInitializers(
        context -> context.addBeanFactoryPostProcessor(beans -> changeNothing(beans, apart)));
    try (ConfigurableApplicationContext context = application.run()) {
      for (String path : ASKED) {
        ask(Liveness.server(context, apart.http()).resolve(path));
      }
    }
  }

  private static void changeNothing(ConfigurableListableBeanFactory beans, ApiSettings settings) {
    for (String loop : beans.getBeanNamesForType(Loop.class, true, false)) {
      ((AbstractBeanDefinition) beans.getBeanDefinition(loop)).setInitMethodName(null);
    }
    BeanDefinitionRegistry registry = (BeanDefinitionRegistry) beans;
    registry.removeBeanDefinition("migration");
    registry.registerBeanDefinition(
        "migration",
        new RootBeanDefinition(
            FlywayMigrationStrategy.class, () -> Rehearsal::requireNothingToMigrate));
    registry.removeBeanDefinition("database");
    registry.registerBeanDefinition(
        "database",
        new RootBeanDefinition(
            Database.class,
            () -> Database.open(settings.database(), "stoker rehearsal", CONNECTIONS_MAX)));
  }

  private static void requireNothingToMigrate(Flyway flyway) {
    if (flyway.info().pending().length > 0) {
      throw new IllegalStateException("there is something to migrate, which a real start does");
    }
  }

  /** Whatever the answer. */
  private static void ask(URI asked) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) asked.toURL().openConnection();
    connection.setConnectTimeout((int) ANSWER_TIMEOUT.toMillis());
    connection.setReadTimeout((int) ANSWER_TIMEOUT.toMillis());
    connection.getResponseCode();
    connection.disconnect();
  }
}
