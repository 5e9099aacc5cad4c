package dev.stoker.api.ending;

import dev.stoker.batch.BatchEndTable;
import dev.stoker.health.HostName;
import dev.stoker.loop.Loop;
import dev.stoker.model.ModelTable;
import dev.stoker.queue.ShardTable;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What ending is made of. */
@Configuration(proxyBeanMethods = false)
public class EndingConfiguration {
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  @Bean(initMethod = "start", destroyMethod = "close")
  public Loop endLoop(
      ShardTable shards,
      BatchEndTable batches,
      ModelTable models,
      JdbcClient jdbc,
      LongSupplier nanoTime) {
    return new Loop(
        "ending",
        INTERVAL,
        new EndLoop(holder(), shards, batches, new BatchStatusTable(jdbc), models, nanoTime));
  }

  /** Under which this process holds leases. */
  private static String holder() {
    return "api/" + HostName.read() + "#" + ProcessHandle.current().pid();
  }
}
