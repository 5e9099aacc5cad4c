package dev.stoker.api.batches;

import static dev.stoker.api.TestApi.line;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.api.TestApi;
import dev.stoker.api.TestApi.Answer;
import dev.stoker.api.error.ApiException;
import dev.stoker.batch.BatchEndTable;
import dev.stoker.batch.BatchId;
import dev.stoker.id.OrderedIds;
import dev.stoker.queue.FinishedLine;
import dev.stoker.queue.Lease;
import dev.stoker.queue.ShardTable;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.transaction.support.TransactionTemplate;

/** A client cancels a batch while a worker stores the last line of it. */
class CancelRaceTest {
  @RegisterExtension static final TestApi api = new TestApi();

  private static final int ROUNDS = 40;
  private static final Duration LEASE = Duration.ofMinutes(1);

  /** A batch of three lines, of which a worker has stored all but the last. */
  private record AlmostDone(String id, Lease lease, ShardTable shards, BatchEndTable ends) {

    static AlmostDone of(String file) {
      String id = api.batch(file);
      api.await(id, "in_progress");
      ShardTable shards = new ShardTable(api.jdbc());
      BatchEndTable ends =
          new BatchEndTable(api.jdbc(), api.transactions(), new OrderedIds(InstantSource.system()));
      Lease lease = shards.claim("host/0#1", List.of(TestApi.MODEL), 1, LEASE).getFirst();
      AlmostDone batch = new AlmostDone(id, lease, shards, ends);
      shards.settle(List.of(batch.line(1, true), batch.line(2, false)));
      return batch;
    }

    private FinishedLine line(int line, boolean succeeded) {
      byte[] body = ("{\"line\":" + line + "}").getBytes(UTF_8);
      return new FinishedLine(lease, line, succeeded, body, 0, 0, 0, 0);
    }

    void complete() {
      shards.settle(List.of(line(3, true)));
      ends.end(batchId());
    }

    /** Says whether it was not too late. */
    boolean cancel() {
      try {
        api.bean(BatchCommands.class).cancel(id);
        return true;
      } catch (ApiException e) {
        return false;
      }
    }

    BatchId batchId() {
      return BatchId.parse(id).orElseThrow();
    }
  }

  @Test
  @DisplayName("scenario 10: cancel racing completion (the completion is first)")
  void a_cancel_that_waits_for_the_completion_comes_too_late() {
    AlmostDone batch = AlmostDone.of(threeLines());
    CompletableFuture<Boolean> cancelled = new CompletableFuture<>();

    api.transactions()
        .executeWithoutResult(
            _ -> {
              batch.complete();
              Thread.ofPlatform().start(() -> cancelled.complete(batch.cancel()));
              awaitLock();
            });

    assertThat(cancelled.join()).isFalse();
    assertEnded(batch, "completed");
  }

  @Test
  @DisplayName("scenario 10: cancel racing completion (the cancel is first)")
  void a_completion_that_waits_for_the_cancel_ends_the_batch_as_cancelled() {
    AlmostDone batch = AlmostDone.of(threeLines());
    CompletableFuture<Void> completed = new CompletableFuture<>();

    api.bean(TransactionTemplate.class)
        .executeWithoutResult(
            _ -> {
              assertThat(batch.cancel()).isTrue();
              Thread.ofPlatform().start(() -> complete(batch, completed));
              awaitLock();
            });

    completed.join();
    assertEnded(batch, "cancelled");
  }

  @Test
  @DisplayName("scenario 10: cancel racing completion (at the same moment)")
  void of_a_cancel_and_a_completion_at_the_same_moment_one_holds_for_ever() throws Exception {
    String file = threeLines();
    for (int round = 0; round < ROUNDS; round++) {
      AlmostDone batch = AlmostDone.of(file);
      CyclicBarrier together = new CyclicBarrier(2);
      CompletableFuture<Void> completed = new CompletableFuture<>();
      Thread.ofPlatform()
          .start(
              () -> {
                await(together);
                complete(batch, completed);
              });

      await(together);
      boolean inTime = batch.cancel();

      completed.get();
      assertEnded(batch, inTime ? "cancelled" : "completed");
    }
  }

  private static String threeLines() {
    return api.file(line("a"), line("b"), line("c"));
  }

  /** It has ended so, with every line accounted for once, and nothing changes that any more. */
  private static void assertEnded(AlmostDone batch, String status) {
    Answer ended = api.await(batch.id(), status);
    assertThat(ended.json().path("request_counts").toString())
        .isEqualTo("{\"total\":3,\"completed\":2,\"failed\":1}");
    assertThat(content(ended, "/output_file_id")).isEqualTo("{\"line\":1}\n{\"line\":3}\n");
    assertThat(content(ended, "/error_file_id")).isEqualTo("{\"line\":2}\n");
    assertThat(files(batch)).isEqualTo(2);

    assertThat(batch.ends().end(batch.batchId())).isEmpty();
    if (status.equals("cancelled")) {
      assertThat(batch.cancel()).isTrue();
    } else {
      assertThatThrownBy(() -> api.bean(BatchCommands.class).cancel(batch.id()))
          .hasMessage("Cannot cancel a batch with status 'completed'.");
    }
    assertThat(api.get("/v1/batches/" + batch.id()).text()).isEqualTo(ended.text());
  }

  private static String content(Answer batch, String file) {
    return api.get("/v1/files/" + batch.at(file) + "/content").text();
  }

  private static int files(AlmostDone batch) {
    return api.jdbc()
        .sql("SELECT count(*) FROM file WHERE batch = ?")
        .param(batch.batchId().value())
        .query(Integer.class)
        .single();
  }

  private static void complete(AlmostDone batch, CompletableFuture<Void> completed) {
    try {
      batch.complete();
      completed.complete(null);
    } catch (RuntimeException e) {
      completed.completeExceptionally(e);
    }
  }

  private static void await(CyclicBarrier together) {
    try {
      together.await();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Until a session waits for another's lock. */
  private static void awaitLock() {
    TestApi.await(
        () ->
            api.jdbc()
                .sql("SELECT count(*) FROM pg_locks WHERE NOT granted")
                .query(Integer.class)
                .single(),
        waiting -> waiting > 0);
  }
}
