package dev.stoker.api.batches;

import static dev.stoker.api.TestApi.line;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.api.TestApi;
import dev.stoker.api.files.FileRepository;
import dev.stoker.file.FileId;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.transaction.support.TransactionTemplate;

/** A client creates a batch while somebody deletes its input file. */
class CreationRaceTest {
  @RegisterExtension static final TestApi api = new TestApi();

  @Test
  void a_batch_is_not_created_while_its_file_may_be_deleted() throws Exception {
    String file = api.file(line("a"));
    UUID id = FileId.parse(file).orElseThrow().value();
    FutureTask<String> creation = new FutureTask<>(() -> api.batch(file));

    api.bean(TransactionTemplate.class)
        .executeWithoutResult(
            deletion -> {
              assertThat(api.bean(FileRepository.class).lockForDeletion(id)).isPresent();
              Thread.ofPlatform().start(creation);
              TestApi.await(CreationRaceTest::waiting, number -> number > 0);
              assertThat(batches()).isZero();
              deletion.setRollbackOnly();
            });

    api.await(creation.get(), "in_progress");
    assertThat(api.delete("/v1/files/" + file).status()).isEqualTo(409);
  }

  @Test
  void a_batch_whose_file_was_deleted_just_before_is_created_and_fails() throws Exception {
    String file = api.file(line("a"));
    UUID id = FileId.parse(file).orElseThrow().value();
    FutureTask<String> creation = new FutureTask<>(() -> api.batch(file));

    api.bean(TransactionTemplate.class)
        .executeWithoutResult(
            _ -> {
              assertThat(api.bean(FileRepository.class).lockForDeletion(id)).isPresent();
              Thread.ofPlatform().start(creation);
              TestApi.await(CreationRaceTest::waiting, number -> number > 0);
              assertThat(batches()).isZero();
              api.bean(FileRepository.class)
                  .delete(api.bean(FileRepository.class).visible(id).orElseThrow());
            });

    api.await(creation.get(), "failed");
  }

  private static int batches() {
    return api.jdbc().sql("SELECT count(*) FROM batch").query(Integer.class).single();
  }

  private static int waiting() {
    return api.jdbc()
        .sql("SELECT count(*) FROM pg_locks WHERE NOT granted")
        .query(Integer.class)
        .single();
  }
}
