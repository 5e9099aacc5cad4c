package dev.stoker.api;

import dev.stoker.api.batches.BatchWakes;
import dev.stoker.api.batches.BatchesConfiguration;
import dev.stoker.api.batches.CreationLeaders;
import dev.stoker.api.ending.EndingConfiguration;
import dev.stoker.api.files.FilesConfiguration;
import dev.stoker.api.health.HealthConfiguration;
import dev.stoker.api.http.HttpConfiguration;
import dev.stoker.api.intake.IntakeConfiguration;
import dev.stoker.api.models.ModelsConfiguration;
import dev.stoker.batch.BatchEndTable;
import dev.stoker.database.Database;
import dev.stoker.database.DatabaseSettings;
import dev.stoker.id.OrderedIds;
import dev.stoker.loop.Loop;
import dev.stoker.queue.ShardTable;
import java.time.InstantSource;
import javax.sql.DataSource;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.flyway.autoconfigure.FlywayDataSource;
import org.springframework.boot.persistence.autoconfigure.EntityScan;
import org.springframework.boot.webmvc.autoconfigure.error.ErrorMvcAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.data.jpa.repository.config.EnableJpaRepositories;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/** What the api-server is made of. */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration(exclude = ErrorMvcAutoConfiguration.class)
@EntityScan(basePackageClasses = Application.class)
@EnableJpaRepositories(basePackageClasses = Application.class)
@Import({
  HttpConfiguration.class,
  HealthConfiguration.class,
  ModelsConfiguration.class,
  FilesConfiguration.class,
  BatchesConfiguration.class,
  IntakeConfiguration.class,
  EndingConfiguration.class
})
class Application {
  private static final int CONNECTIONS_MAX = 16;

  @Bean
  Database database(DatabaseSettings settings) {
    return Database.open(settings, "stoker-api", CONNECTIONS_MAX);
  }

  @Bean
  DataSource dataSource(Database database) {
    return database.dataSource();
  }

  @Bean(defaultCandidate = false)
  @FlywayDataSource
  DataSource migrationDataSource(DatabaseSettings settings) {
    return Database.forMigrations(settings, Migration.LOCK_TIMEOUT);
  }

  @Bean
  Migration migration() {
    return new Migration();
  }

  @Bean
  OrderedIds orderedIds() {
    return new OrderedIds(InstantSource.system());
  }

  @Bean
  ShardTable shardTable(JdbcClient jdbc) {
    return new ShardTable(jdbc);
  }

  @Bean
  BatchEndTable batchEndTable(JdbcClient jdbc, TransactionTemplate transaction, OrderedIds ids) {
    return new BatchEndTable(jdbc, transaction, ids);
  }

  @Bean
  CreationLeaders creationLeaders() {
    return new CreationLeaders(Thread::startVirtualThread, 1);
  }

  @Bean
  BatchWakes batchWakes(Loop intakeLoop, Loop endLoop) {
    return new BatchWakes() {
      @Override
      public void created() {
        intakeLoop.wake();
      }

      @Override
      public void cancelled() {
        intakeLoop.wake();
        endLoop.wake();
      }
    };
  }
}
