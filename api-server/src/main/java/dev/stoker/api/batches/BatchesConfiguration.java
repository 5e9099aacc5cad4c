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
  BatchCommands batchCommands(BatchRepository batches, TransactionTemplate transaction) {
    return new BatchCommands(batches, transaction);
  }

  @Bean
  CreationGroups creationGroups(
      GateReading gate,
      JdbcClient jdbc,
      JsonMapper json,
      OrderedIds ids,
      CreationLeaders leaders,
      BatchWakes wakes) {
    return new CreationGroups(gate, new NewBatchTable(jdbc, json), ids, leaders, wakes);
  }

  @Bean
  BatchesController batchesController(
      BatchCommands commands,
      BatchRepository batches,
      JdbcClient jdbc,
      CreationGroups creations,
      BatchWakes wakes,
      JsonMapper json) {
    BatchViews views = new BatchViews(new ShardCountTable(jdbc));
    return new BatchesController(commands, batches, views, creations, wakes, json);
  }
}
