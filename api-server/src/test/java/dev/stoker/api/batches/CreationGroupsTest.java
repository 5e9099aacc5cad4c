package dev.stoker.api.batches;

import static dev.stoker.api.TestApi.line;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.api.TestApi;
import dev.stoker.api.error.ApiException;
import dev.stoker.api.files.FileRepository;
import dev.stoker.file.FileId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class CreationGroupsTest {
  @RegisterExtension static final TestApi api = new TestApi();

  private final List<Thread> askers = new ArrayList<>();

  @Test
  void those_that_are_asked_for_while_one_is_stored_are_stored_together() throws Exception {
    CreateBatch wanted = wanted(api.file(line("a")), "");
    List<FutureTask<BatchRow>> all = new ArrayList<>();

    heldUpAtTheGate(() -> all.addAll(Stream.generate(() -> ask(wanted)).limit(20).toList()));

    for (FutureTask<BatchRow> one : all) {
      api.await(one.get().id().toString(), "in_progress");
    }
    assertThat(number("SELECT count(*) FROM batch")).isEqualTo(20);
    assertThat(number("SELECT count(DISTINCT created_at) FROM batch")).isEqualTo(2);
  }

  @Test
  void one_whose_file_may_be_deleted_holds_up_no_other() throws Exception {
    String file = api.file(line("a"));
    List<FutureTask<BatchRow>> all = new ArrayList<>();

    api.bean(TransactionTemplate.class)
        .executeWithoutResult(
            deletion -> {
              assertThat(
                      api.bean(FileRepository.class)
                          .lockForDeletion(FileId.parse(file).orElseThrow().value()))
                  .isPresent();
              heldUpAtTheGate(
                  () -> {
                    all.add(ask(wanted(api.file(line("first")), "")));
                    all.add(ask(wanted(file, "")));
                    all.add(ask(wanted(api.file(line("other")), "")));
                    all.add(ask(wanted("file-unknown", "")));
                  });
              TestApi.await(() -> all.get(2).isDone() && all.get(3).isDone(), done -> done);
              TestApi.await(
                  () -> number("SELECT count(*) FROM pg_locks WHERE NOT granted"), n -> n > 0);
              assertThat(all.get(1).isDone()).isFalse();
              deletion.setRollbackOnly();
            });

    api.await(all.get(1).get().id().toString(), "in_progress");
    api.await(all.get(2).get().id().toString(), "in_progress");
    api.await(all.get(3).get().id().toString(), "failed");
  }

  @Test
  void one_that_the_database_refuses_takes_no_other_with_it() throws Exception {
    String file = api.file(line("a"));
    List<FutureTask<BatchRow>> all = new ArrayList<>();
    api.jdbc()
        .sql("ALTER TABLE batch ADD CONSTRAINT sound CHECK (metadata NOT LIKE '%rotten%')")
        .update();
    try {
      heldUpAtTheGate(
          () -> {
            all.add(ask(wanted(file, "first")));
            all.add(ask(wanted(file, "rotten")));
            all.add(ask(wanted(file, "fresh")));
          });

      api.await(all.get(0).get().id().toString(), "in_progress");
      api.await(all.get(2).get().id().toString(), "in_progress");
      assertThatThrownBy(() -> all.get(1).get())
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(DataIntegrityViolationException.class);
    } finally {
      api.jdbc().sql("ALTER TABLE batch DROP CONSTRAINT sound").update();
    }
  }

  @Test
  void a_closed_gate_refuses_all_of_a_group() {
    CreateBatch wanted = wanted(api.file(line("a")), "");
    api.noWorker();
    List<FutureTask<BatchRow>> all = new ArrayList<>();

    heldUpAtTheGate(() -> all.addAll(Stream.generate(() -> ask(wanted)).limit(3).toList()));

    assertThat(all)
        .allSatisfy(
            one ->
                assertThatThrownBy(one::get)
                    .hasCauseInstanceOf(ApiException.class)
                    .hasMessageContaining("Worker offline"));
    assertThat(number("SELECT count(*) FROM batch")).isZero();
  }

  @Test
  void whoever_waits_long_for_a_leader_goes_on_alone() {
    CreateBatch wanted = wanted(api.file(line("a")), "");
    CreationLeaders leaders = api.bean(CreationLeaders.class);
    assertThat(leaders.stepUp()).isTrue(); // and leads nobody
    try {
      BatchRow alone = api.bean(CreationGroups.class).create(wanted);
      api.await(alone.id().toString(), "in_progress");

      api.noWorker();
      assertThatThrownBy(() -> api.bean(CreationGroups.class).create(wanted))
          .isInstanceOf(ApiException.class)
          .hasMessageContaining("Worker offline");
    } finally {
      leaders.stepDown();
    }
  }

  private static CreateBatch wanted(String file, String word) {
    String body =
        TestApi.creation(file).replaceFirst("}$", ",\"metadata\":{\"word\":\"" + word + "\"}}");
    return CreateBatch.of(new JsonMapper().readTree(body));
  }

  private FutureTask<BatchRow> ask(CreateBatch wanted) {
    FutureTask<BatchRow> answer =
        new FutureTask<>(() -> api.bean(CreationGroups.class).create(wanted));
    askers.add(Thread.ofPlatform().start(answer));
    return answer;
  }

  /** The first of those that ask is not told whether the gate is open before all have asked. */
  private void heldUpAtTheGate(Runnable asking) {
    api.transactions()
        .executeWithoutResult(
            _ -> {
              api.jdbc().sql("LOCK TABLE worker_slot IN ACCESS EXCLUSIVE MODE").update();
              asking.run();
              TestApi.await(
                  () ->
                      askers.stream().allMatch(one -> one.getState() == Thread.State.TIMED_WAITING),
                  all -> all);
            });
  }

  private static int number(String sql) {
    return api.jdbc().sql(sql).query(Integer.class).single();
  }
}
