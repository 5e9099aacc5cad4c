package dev.stoker.api.models;

import dev.stoker.health.RespawnLimits;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What models are made of. */
@Configuration(proxyBeanMethods = false)
public class ModelsConfiguration {

  @Bean
  ModelTable modelTable(JdbcClient jdbc, RespawnLimits respawns) {
    return new ModelTable(jdbc, respawns.startDeadline());
  }

  @Bean
  ModelsController modelsController(ModelTable models) {
    return new ModelsController(models);
  }
}
