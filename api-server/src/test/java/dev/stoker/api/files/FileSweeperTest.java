package dev.stoker.api.files;

import static dev.stoker.api.TestApi.line;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.api.TestApi;
import dev.stoker.file.FileId;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.transaction.support.TransactionTemplate;

class FileSweeperTest {
  @RegisterExtension static final TestApi api = new TestApi();

  private static void sweep() {
    new FileSweeper(api.bean(FileUseTable.class)).run();
  }

  private static long files() {
    return api.jdbc().sql("SELECT count(*) FROM file").query(Long.class).single();
  }

  private static FileId uploading(String touched) {
    UUID id = UUID.fromString("01900000-0000-7000-8000-000000000001");
    api.jdbc()
        .sql(
            "INSERT INTO file (id, purpose, filename, status, touched_at)"
                + " VALUES (:id, 'batch', 'f', 'uploading', now() - :touched::interval)")
        .param("id", id)
        .param("touched", touched)
        .update();
    return new FileId(id);
  }

  @Test
  @DisplayName("scenario 6: orphaned blob")
  void an_upload_that_stands_still_is_swept_away() {
    uploading("59 min");
    sweep();
    assertThat(files()).isEqualTo(1);
    api.jdbc().sql("UPDATE file SET touched_at = now() - interval '61 min'").update();
    sweep();
    assertThat(files()).isZero();
  }

  @Test
  void a_part_keeps_its_upload_and_a_swept_upload_takes_none() {
    FileId file = uploading("2 h");
    FilePartTable parts = api.bean(FilePartTable.class);
    parts.insert(file, List.of());
    sweep();
    assertThat(files()).isEqualTo(1);
    parts.discard(file);
    assertThatThrownBy(() -> parts.insert(file, List.of())).isInstanceOf(UploadLost.class);
  }

  @Test
  void a_file_past_its_time_goes_unless_a_batch_needs_it() {
    String used = api.file(line("a"));
    api.file(line("b"));
    String batch = api.batch(used);
    api.await(batch, "in_progress");
    api.jdbc().sql("UPDATE file SET expires_at = now() - interval '1 s'").update();
    sweep();
    assertThat(files()).isEqualTo(1);
    assertThat(api.get("/v1/files/" + used).status()).isEqualTo(200);
    api.work();
    api.await(batch, "completed");
    sweep();
    assertThat(api.get("/v1/files/" + used).status()).isEqualTo(404);
  }

  @Test
  void a_batch_that_comes_while_its_file_is_being_deleted_fails() {
    String file = api.file(line("a"));
    api.jdbc().sql("UPDATE file SET expires_at = now() - interval '1 s'").update();
    String batch =
        api.bean(TransactionTemplate.class)
            .execute(
                _ -> {
                  sweep();
                  String late = api.batch(file);
                  TestApi.await(FileSweeperTest::waiting, n -> n > 0);
                  return late;
                });
    assertThat(api.await(batch, "failed").json().at("/errors/data/0/param").asString())
        .isEqualTo("file_id");
  }

  private static long waiting() {
    return api.jdbc()
        .sql(
            "SELECT count(*) FROM pg_stat_activity"
                + " WHERE datname = current_database() AND wait_event_type = 'Lock'")
        .query(Long.class)
        .single();
  }

  @Test
  void a_file_that_the_intake_reads_is_left_alone() {
    api.file(line("a"));
    api.jdbc().sql("UPDATE file SET expires_at = now() - interval '1 s'").update();
    api.bean(TransactionTemplate.class)
        .executeWithoutResult(
            _ -> {
              UUID id = api.jdbc().sql("SELECT id FROM file").query(UUID.class).single();
              assertThat(api.bean(FileRepository.class).lockForIntake(id)).isPresent();
              CompletableFuture.runAsync(FileSweeperTest::sweep).join();
            });
    assertThat(files()).isEqualTo(1);
  }

  @Test
  void results_whose_file_has_expired_go_too() {
    String batch = api.batch(api.file(line("a"), line("bad")));
    api.await(batch, "in_progress");
    api.work();
    api.await(batch, "completed");
    api.jdbc()
        .sql("UPDATE file SET expires_at = now() - interval '1 s' WHERE result_kind = 'output'")
        .update();
    sweep();
    assertThat(api.jdbc().sql("SELECT succeeded FROM result").query(Boolean.class).list())
        .containsExactly(false);
  }
}
