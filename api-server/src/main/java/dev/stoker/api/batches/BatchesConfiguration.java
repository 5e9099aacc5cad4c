package dev.stoker.api.batches;

import dev.stoker.api.health.GateReading;
import dev.stoker.id.OrderedIds;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/** What batches are made of. */
@Configuration(proxyBeanMethods = false)
public class BatchesConfiguration {

  @Bean
  BatchCommands batchCommands(
      BatchRepository batches, JdbcClient jdbc, TransactionTemplate transaction, OrderedIds ids) {
    return new BatchCommands(batches, new NewBatchTable(jdbc), transaction, ids);
  }

  @Bean
  CreationTurns creationTurns() {
    return new CreationTurns();
  }

  @Bean
  BatchesController batchesController(
      BatchCommands commands,
      BatchRepository batches,
      JdbcClient jdbc,
      GateReading gate,
      BatchWakes wakes,
      CreationTurns turns,
      JsonMapper json) {
    BatchViews views = new BatchViews(new ShardCountTable(jdbc));
    return new BatchesController(commands, batches, views, gate, wakes, turns, json);
  }
}
