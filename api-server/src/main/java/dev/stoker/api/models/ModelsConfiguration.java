package dev.stoker.api.models;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What models are made of. */
@Configuration(proxyBeanMethods = false)
public class ModelsConfiguration {

  @Bean
  ModelTable modelTable(JdbcClient jdbc) {
    return new ModelTable(jdbc);
  }

  @Bean
  ModelsController modelsController(ModelTable models) {
    return new ModelsController(models);
  }
}
