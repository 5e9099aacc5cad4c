package dev.stoker.api.files;

import dev.stoker.id.OrderedIds;
import dev.stoker.loop.Loop;
import jakarta.persistence.EntityManager;
import java.time.Duration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/** What files are made of. */
@Configuration(proxyBeanMethods = false)
public class FilesConfiguration {
  private static final Duration SWEEP_INTERVAL = Duration.ofMinutes(1);

  @Bean
  FilePartTable filePartTable(JdbcClient jdbc, TransactionTemplate transaction) {
    return new FilePartTable(jdbc, transaction);
  }

  @Bean
  ResultTable resultTable(JdbcClient jdbc) {
    return new ResultTable(jdbc);
  }

  @Bean
  FileUseTable fileUseTable(JdbcClient jdbc, TransactionTemplate transaction) {
    return new FileUseTable(jdbc, transaction);
  }

  @Bean(initMethod = "start", destroyMethod = "close")
  Loop fileSweeper(FileUseTable use) {
    return new Loop("file-sweeper", SWEEP_INTERVAL, new FileSweeper(use));
  }

  @Bean
  UploadController uploadController(
      UploadSettings settings,
      FilePartTable parts,
      FileRepository files,
      EntityManager entities,
      TransactionTemplate transaction,
      OrderedIds ids,
      JsonMapper json) {
    return new UploadController(
        new Uploads(settings, parts, files, entities, transaction, ids), json);
  }

  @Bean
  FilesController filesController(
      FileRepository files, FileUseTable use, TransactionTemplate transaction, Loop fileSweeper) {
    return new FilesController(files, new FileDeletion(files, use, transaction, fileSweeper));
  }

  @Bean
  FileContentController fileContentController(
      FileRepository files, FilePartTable parts, ResultTable results) {
    return new FileContentController(files, parts, results);
  }
}
