package dev.stoker.api.ending;

import dev.stoker.batch.BatchEndTable;
import dev.stoker.loop.Loop;
import dev.stoker.queue.ShardTable;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What ending is made of. */
@Configuration(proxyBeanMethods = false)
public class EndingConfiguration {
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  @Bean(initMethod = "start", destroyMethod = "close")
  Loop endLoop(ShardTable shards, BatchEndTable batches, JdbcClient jdbc) {
    return new Loop(
        "ending", INTERVAL, new EndLoop(holder(), shards, batches, new BatchStatusTable(jdbc)));
  }

  /** Under which this process holds leases. */
  private static String holder() {
    return "api/" + host() + "#" + ProcessHandle.current().pid();
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
