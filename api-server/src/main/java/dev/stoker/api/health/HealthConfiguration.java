package dev.stoker.api.health;

import dev.stoker.health.Gate;
import dev.stoker.health.QueueTable;
import dev.stoker.health.RecoveryHistoryTable;
import dev.stoker.health.RespawnLimits;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerSlotTable;
import java.time.Duration;
import java.util.Optional;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What health is made of. */
@Configuration(proxyBeanMethods = false)
public class HealthConfiguration {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  @Bean
  GateReading gateReading(Gate gate, JdbcOperations jdbc) {
    return new GateReading(gate, jdbc);
  }

  @Bean
  HealthController healthController(
      Gate gate, RespawnLimits respawns, JdbcClient jdbc, JdbcOperations operations) {
    return new HealthController(
        version(), gate, respawns, new QueueTable(jdbc), operations, new Patiently(PATIENCE));
  }

  @Bean
  WorkersController workersController(Gate gate, RespawnLimits respawns, JdbcClient jdbc) {
    return new WorkersController(
        gate,
        respawns,
        new WorkerHeartbeatTable(jdbc),
        new WorkerSlotTable(jdbc),
        new RecoveryHistoryTable(jdbc));
  }

  private static String version() {
    return Optional.ofNullable(HealthConfiguration.class.getPackage().getImplementationVersion())
        .orElse("unpackaged");
  }
}
