package dev.stoker.api.intake;

import dev.stoker.api.batches.BatchRepository;
import dev.stoker.api.batches.CreationLeaders;
import dev.stoker.api.files.FileRepository;
import dev.stoker.api.files.UploadSettings;
import dev.stoker.api.models.ServedModelTable;
import dev.stoker.loop.Loop;
import dev.stoker.model.ModelTable;
import dev.stoker.queue.ShardTable;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/** What the intake is made of. */
@Configuration(proxyBeanMethods = false)
public class IntakeConfiguration {
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  @Bean(initMethod = "start", destroyMethod = "close")
  Loop intakeLoop(
      BatchRepository batches,
      FileRepository files,
      ServedModelTable models,
      ModelTable registry,
      ShardTable shards,
      JdbcClient jdbc,
      TransactionTemplate transaction,
      JsonMapper json,
      UploadSettings upload,
      IntakeSettings settings,
      CreationLeaders leaders,
      LongSupplier nanoTime) {
    PartFactTable parts = new PartFactTable(jdbc);
    LineErrors lineErrors = new LineErrors(parts, upload.lineBytesMax());
    Intake intake =
        new Intake(batches, files, parts, lineErrors, models, registry, shards, json, settings);
    return new Loop(
        "intake",
        INTERVAL,
        new IntakeLoop(batches, intake, transaction, new Courtesy(leaders::crowded, nanoTime)));
  }
}
