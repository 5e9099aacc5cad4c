package dev.stoker.api.models;

import dev.stoker.health.Gate;
import dev.stoker.health.RespawnLimits;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.model.ModelTable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What models are made of. */
@Configuration(proxyBeanMethods = false)
public class ModelsConfiguration {

  @Bean
  ServedModelTable servedModelTable(JdbcClient jdbc, RespawnLimits respawns) {
    return new ServedModelTable(jdbc, respawns.startDeadline());
  }

  @Bean
  ModelTable modelTable(JdbcClient jdbc) {
    return new ModelTable(jdbc);
  }

  @Bean
  ModelsController modelsController(
      ServedModelTable served, ModelTable registry, JdbcClient jdbc, Gate gate) {
    return new ModelsController(new Models(served, registry, new WorkerHeartbeatTable(jdbc), gate));
  }
}
