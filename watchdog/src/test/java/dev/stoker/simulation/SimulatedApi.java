package dev.stoker.simulation;

import dev.stoker.api.batches.BatchWakes;
import dev.stoker.api.batches.BatchesConfiguration;
import dev.stoker.api.batches.CreationLeaders;
import dev.stoker.api.ending.EndingConfiguration;
import dev.stoker.api.files.FilesConfiguration;
import dev.stoker.api.files.UploadSettings;
import dev.stoker.api.health.HealthConfiguration;
import dev.stoker.api.http.HttpConfiguration;
import dev.stoker.api.intake.IntakeConfiguration;
import dev.stoker.api.intake.IntakeSettings;
import dev.stoker.api.models.ModelsConfiguration;
import dev.stoker.batch.BatchEndTable;
import dev.stoker.health.Gate;
import dev.stoker.health.RespawnLimits;
import dev.stoker.id.OrderedIds;
import dev.stoker.loop.Loop;
import dev.stoker.model.ModelTable;
import dev.stoker.queue.ShardTable;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.persistence.autoconfigure.EntityScan;
import org.springframework.boot.web.context.servlet.AnnotationConfigServletWebApplicationContext;
import org.springframework.boot.webmvc.autoconfigure.error.ErrorMvcAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.data.jpa.repository.config.EnableJpaRepositories;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.mock.web.MockServletContext;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.web.context.WebApplicationContext;

/**
 * All of the api-server but its web server and its threads. It holds no state, so that one may
 * stand for many; what a process remembers is made anew for each.
 */
final class SimulatedApi implements AutoCloseable {

  /** Of whatever simulation runs. Each has ids of its own, or they would depend on those before. */
  private static final class Ids extends OrderedIds {
    private OrderedIds current = this;

    Ids() {
      super(InstantSource.system());
    }

    @Override
    public synchronized UUID next() {
      return current.next();
    }
  }

  /** The api-server's own composition, but for the database, and nobody to be woken. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration(
      exclude = {ErrorMvcAutoConfiguration.class, FlywayAutoConfiguration.class})
  @EntityScan("dev.stoker.api")
  @EnableJpaRepositories("dev.stoker.api")
  @Import({
    HttpConfiguration.class,
    HealthConfiguration.class,
    ModelsConfiguration.class,
    FilesConfiguration.class,
    BatchesConfiguration.class,
    IntakeConfiguration.class,
    EndingConfiguration.class
  })
  static class Parts {

    @Bean
    static BeanFactoryPostProcessor nothingStartsByItself() {
      return beans -> {
        for (String name : beans.getBeanNamesForType(Loop.class, true, false)) {
          ((AbstractBeanDefinition) beans.getBeanDefinition(name)).setInitMethodName(null);
        }
      };
    }

    @Bean
    ShardTable shardTable(JdbcClient jdbc) {
      return new ShardTable(jdbc);
    }

    @Bean
    BatchEndTable batchEndTable(JdbcClient jdbc, TransactionTemplate transaction, OrderedIds ids) {
      return new BatchEndTable(jdbc, transaction, ids);
    }

    /** Each client stores its own, since nobody may wait for another but by the scheduler. */
    @Bean
    CreationLeaders creationLeaders() {
      return new CreationLeaders(Runnable::run, Integer.MAX_VALUE);
    }

    @Bean
    BatchWakes batchWakes() {
      return new BatchWakes() {
        @Override
        public void created() {}

        @Override
        public void cancelled() {}
      };
    }
  }

  private final Ids ids = new Ids();
  private final ConfigurableApplicationContext context;
  private final MockMvc http;

  SimulatedApi(DataSource database, Duration staleAfter) {
    SpringApplication application = new SpringApplication(Parts.class);
    application.setApplicationContextFactory(
        _ -> {
          var servlets = new AnnotationConfigServletWebApplicationContext();
          servlets.setServletContext(new MockServletContext());
          return servlets;
        });
    application.setLogStartupInfo(false);
    application.setRegisterShutdownHook(false);
    application.setDefaultProperties(
        Map.of(
            "spring.main.banner-mode", "off",
            "logging.level.root", "off",
            "spring.servlet.multipart.enabled", false,
            "spring.mvc.formcontent.filter.enabled", false,
            "spring.web.resources.add-mappings", false,
            "spring.jpa.hibernate.ddl-auto", "none",
            "spring.jpa.open-in-view", false));
    application.addInitializers(
        created -> {
          var beans = created.getBeanFactory();
          beans.registerSingleton("dataSource", database);
          beans.registerSingleton("orderedIds", ids);
          beans.registerSingleton("uploadSettings", new UploadSettings(10 << 20, 1 << 16));
          beans.registerSingleton("intakeSettings", new IntakeSettings(10_000));
          beans.registerSingleton("gate", new Gate(staleAfter));
          beans.registerSingleton("respawnLimits", new RespawnLimits(Duration.ofSeconds(60), 10));
          beans.registerSingleton("nanoTime", (LongSupplier) System::nanoTime);
        });
    this.context = application.run();
    this.http = MockMvcBuilders.webAppContextSetup((WebApplicationContext) context).build();
  }

  void ids(OrderedIds made) {
    ids.current = made;
  }

  MockMvc http() {
    return http;
  }

  /** One round judges the batches that wait. */
  Loop intake() {
    return context.getBean("intakeLoop", Loop.class);
  }

  /** One round deletes what nobody needs. */
  Loop sweeper() {
    return context.getBean("fileSweeper", Loop.class);
  }

  /** The loop that reaps and ends, of a process that has just started. */
  Loop ending(LongSupplier nanoTime) {
    return new EndingConfiguration()
        .endLoop(
            context.getBean(ShardTable.class),
            context.getBean(BatchEndTable.class),
            context.getBean(ModelTable.class),
            context.getBean(JdbcClient.class),
            nanoTime);
  }

  @Override
  public void close() {
    context.close();
  }
}
