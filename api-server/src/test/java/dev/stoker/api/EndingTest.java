package dev.stoker.api;

import static dev.stoker.api.TestApi.line;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.api.TestApi.Answer;
import dev.stoker.batch.BatchEndTable;
import dev.stoker.batch.BatchId;
import dev.stoker.queue.FinishedLine;
import dev.stoker.queue.Lease;
import dev.stoker.queue.Renewed;
import dev.stoker.queue.ShardTable;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class EndingTest {
  @RegisterExtension static final TestApi api = new TestApi();

  private static final Duration LEASE = Duration.ofMinutes(1);

  /** A batch of which the line a has run and the lines b and c have not. */
  private static String halfDone() {
    String batch = api.batch(api.file(line("a"), line("b", "m-2"), "", line("c", "m-2")));
    api.await(batch, "in_progress");
    api.jdbc()
        .sql("UPDATE shard SET available_at = now() + interval '50 s' WHERE model = 'm-2'")
        .update();
    api.work();
    return batch;
  }

  private static void assertHalf(Answer ended, String code) {
    assertThat(ended.json().path("request_counts").toString())
        .isEqualTo("{\"total\":3,\"completed\":1,\"failed\":2}");
    assertThat(api.get("/v1/files/" + ended.at("/output_file_id") + "/content").text())
        .contains("\"custom_id\":\"a\"");
    assertThat(api.get("/v1/files/" + ended.at("/error_file_id") + "/content").text().lines())
        .hasSize(2)
        .allSatisfy(
            line ->
                assertThat(line)
                    .contains("\"response\":null", "\"error\":{\"code\":\"" + code + "\""))
        .satisfiesExactly(
            first -> assertThat(first).contains("\"custom_id\":\"b\""),
            second -> assertThat(second).contains("\"custom_id\":\"c\""));
  }

  @Test
  void a_cancelled_batch_keeps_what_had_finished() {
    String batch = halfDone();
    api.post("/v1/batches/" + batch + "/cancel", "");
    Answer ended = api.await(batch, "cancelled");
    assertHalf(ended, "batch_cancelled");
    assertThat(ended.json().path("cancelled_at").isIntegralNumber()).isTrue();
  }

  @Test
  @DisplayName("scenario 2: cancel reverted")
  void nothing_that_follows_a_cancel_brings_the_batch_back() {
    String batch = api.batch(api.file(line("a"), line("b"), line("c")));
    api.await(batch, "in_progress");
    ShardTable shards = api.bean(ShardTable.class);
    List<Lease> leases = shards.claim("host/0#1", List.of(TestApi.MODEL), 1, LEASE);
    api.post("/v1/batches/" + batch + "/cancel", "");

    assertThat(shards.settle(List.of(finished(leases.getFirst(), 1)))).hasSize(1);
    assertThat(shards.renew(leases, LEASE)).extracting(Renewed::wanted).containsExactly(false);
    api.jdbc().sql("UPDATE batch SET expires_at = now() - interval '1 s'").update();
    BatchEndTable ends = api.bean(BatchEndTable.class);
    assertThat(ends.expire()).isZero();
    assertThat(ends.end(BatchId.parse(batch).orElseThrow())).isEmpty();
    assertThat(api.get("/v1/batches/" + batch).at("/status")).isEqualTo("cancelling");

    shards.giveBack(leases, Duration.ZERO);
    Answer ended = api.await(batch, "cancelled");
    assertThat(shards.settle(List.of(finished(leases.getFirst(), 2)))).isEmpty();
    assertThat(ends.expire()).isZero();
    assertThat(ends.end(BatchId.parse(batch).orElseThrow())).isEmpty();
    assertThat(api.get("/v1/batches/" + batch).text()).isEqualTo(ended.text());
    assertHalf(ended, "batch_cancelled");
  }

  private static FinishedLine finished(Lease lease, int line) {
    byte[] body = "{\"custom_id\":\"a\"}".getBytes(UTF_8);
    return new FinishedLine(lease, line, true, body, 0, 0, 0, 0);
  }

  @Test
  void a_batch_whose_window_passes_keeps_what_had_finished() {
    String batch = halfDone();
    api.jdbc().sql("UPDATE batch SET expires_at = now() - interval '1 s'").update();
    Answer ended = api.await(batch, "expired");
    assertHalf(ended, "batch_expired");
    assertThat(ended.json().path("finalizing_at").isIntegralNumber()).isTrue();
  }

  @Test
  void lines_that_kill_their_workers_end_in_the_error_file() {
    String batch = halfDone();
    api.jdbc().sql("UPDATE shard SET attempt = 10, faults = 10 WHERE model = 'm-2'").update();
    assertHalf(api.await(batch, "completed"), "engine_crash");
  }

  @Test
  void what_waits_for_a_quarantined_model_ends_with_its_reason_and_the_rest_goes_on() {
    String batch = halfDone();
    String other = api.batch(api.file(line("d")));
    api.quarantine("m-2", "the weights are no GGUF file");
    Answer ended = api.await(batch, "completed");
    assertHalf(ended, "model_quarantined");
    assertThat(api.get("/v1/files/" + ended.at("/error_file_id") + "/content").text())
        .contains("its model could not be loaded: the weights are no GGUF file");
    api.await(other, "in_progress");
    api.work();
    api.await(other, "completed");
  }

  @Test
  void a_cancelled_batch_of_a_quarantined_model_was_cancelled() {
    String batch = halfDone();
    api.transactions()
        .executeWithoutResult(
            _ -> {
              api.jdbc()
                  .sql("UPDATE batch SET status = 'cancelling', cancelling_at = now()")
                  .update();
              api.quarantine("m-2", "no memory");
            });
    assertHalf(api.await(batch, "cancelled"), "batch_cancelled");
  }

  @Test
  void a_line_that_is_not_understood_any_more_ends_in_the_error_file() {
    String batch = api.batch(api.file(line("a"), line("b")));
    api.await(batch, "in_progress");
    api.jdbc()
        .sql("UPDATE file_part SET content = overlay(content PLACING '['::bytea FROM 1 FOR 1)")
        .update();
    api.post("/v1/batches/" + batch + "/cancel", "");
    Answer ended = api.await(batch, "cancelled");
    assertThat(api.get("/v1/files/" + ended.at("/error_file_id") + "/content").text().lines())
        .satisfiesExactly(
            first -> assertThat(first).contains("\"custom_id\":null", "internal_error"),
            second -> assertThat(second).contains("\"custom_id\":\"b\"", "batch_cancelled"));
  }

  @Test
  @DisplayName("scenario 7: finalization stranded")
  void a_batch_that_somebody_left_behind_is_ended() {
    String batch = halfDone();
    api.jdbc().sql("DELETE FROM shard WHERE model = 'm-2'").update();
    api.jdbc().sql("UPDATE batch SET total = 1").update();
    assertThat(api.await(batch, "completed").at("/request_counts/completed")).isEqualTo("1");
  }

  @Test
  void leases_that_ran_out_go_back_to_the_queue() {
    String batch = api.batch(api.file(line("a")));
    api.await(batch, "in_progress");
    api.jdbc()
        .sql(
            "UPDATE shard SET state = 'leased', leased_by = 'gone', attempt = 1, lease_expires_at = now()")
        .update();
    TestApi.await(
        () -> api.jdbc().sql("SELECT state || faults FROM shard").query(String.class).single(),
        state -> state.equals("queued1"));
  }
}
