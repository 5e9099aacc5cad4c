package dev.stoker.api;

import static dev.stoker.api.TestApi.creation;
import static dev.stoker.api.TestApi.line;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.api.TestApi.Answer;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BatchesTest {
  @RegisterExtension static final TestApi api = new TestApi();

  private static final String NOWHERE = "file-00000000000070008000000000000000";

  @Test
  void a_new_batch_looks_like_openais() {
    String body =
        creation(api.file(line("a")))
            .replace("}", ",\"metadata\":{\"b\":\"2\",\"a\":\"1\"},\"extra\":1}");
    Answer answer = api.post("/v1/batches", body);
    long created = answer.json().path("created_at").asLong();
    assertThat(answer.text())
        .isEqualTo(
            ("{'id':'%s','object':'batch','endpoint':'/v1/embeddings','model':null,'errors':null,"
                    + "'input_file_id':'%s','completion_window':'24h','status':'validating',"
                    + "'output_file_id':null,'error_file_id':null,'created_at':%d,'in_progress_at':null,"
                    + "'expires_at':%d,'finalizing_at':null,'completed_at':null,'failed_at':null,"
                    + "'expired_at':null,'cancelling_at':null,'cancelled_at':null,"
                    + "'request_counts':{'total':0,'completed':0,'failed':0},'usage':null,"
                    + "'metadata':{'b':'2','a':'1'}}")
                .replace('\'', '"')
                .formatted(
                    answer.at("/id"), answer.at("/input_file_id"), created, created + 86_400));
    assertThat(answer.at("/id")).matches("batch_[0-9a-f]{32}");
    assertThat(answer.header("Content-Type")).isEqualTo("application/json");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "not json | - -",
        "{} | input_file_id missing_required_parameter",
        "{\"input_file_id\":\"f\",\"endpoint\":\"/v1/x\",\"completion_window\":\"24h\"} | endpoint invalid_value",
      })
  void a_bad_request_makes_no_batch(String body, String error) {
    assertThat(api.post("/v1/batches", body).error())
        .isEqualTo("400 invalid_request_error " + error);
    assertThat(api.get("/v1/batches").json().path("data").size()).isZero();
  }

  @Test
  void a_body_that_is_empty_or_endless_is_refused() {
    assertThat(api.post("/v1/batches", "").message())
        .startsWith("We could not parse the JSON body");
    assertThat(api.post("/v1/batches", " ".repeat(2 << 20)).error())
        .isEqualTo("400 invalid_request_error - -");
  }

  @Test
  void the_gate_opens_and_closes_with_the_heartbeat() {
    String file = api.file(line("a"));
    api.beat(Duration.ofSeconds(58));
    assertThat(api.post("/v1/batches", creation(file)).status()).isEqualTo(200);

    api.beat(Duration.ofSeconds(61));
    Answer closed = api.post("/v1/batches", creation(file));
    assertThat(closed.error()).isEqualTo("503 service_unavailable - -");
    assertThat(closed.message()).matches("Worker offline \\(last seen 6[1-9]s ago\\)");
    assertThat(Integer.parseInt(closed.header("Retry-After"))).isBetween(1, 30);
    assertThat(api.post("/v1/batches", "{}").status()).isEqualTo(400);
    assertThat(api.get("/v1/files/" + file).status()).isEqualTo(200);
    assertThat(api.get("/v1/batches").status()).isEqualTo(200);

    api.noWorker();
    assertThat(api.post("/v1/batches", creation(file)).message())
        .isEqualTo("Worker offline (never seen)");
    api.beat(Duration.ZERO);
    assertThat(api.post("/v1/batches", creation(file)).status()).isEqualTo(200);
  }

  @Test
  void the_gate_is_closed_when_the_supervisor_has_given_up() {
    api.jdbc()
        .sql(
            "INSERT INTO worker_slot (worker, host, state, reason, watchdog_pid)"
                + " VALUES ('host/0', 'host', 'gave_up', 'ten respawns', 1)")
        .update();
    assertThat(api.post("/v1/batches", creation(NOWHERE)).message()).contains("ten respawns");
  }

  @Test
  void pages_follow_each_other_under_inserts() {
    List<String> batches = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      batches.add(api.batch(NOWHERE));
    }
    Answer first = api.get("/v1/batches?limit=2");
    assertThat(ids(first)).containsExactly(batches.get(4), batches.get(3));
    assertThat(first.at("/has_more")).isEqualTo("true");
    api.batch(NOWHERE);
    Answer second = api.get("/v1/batches?limit=3&after=" + first.at("/last_id"));
    assertThat(ids(second)).containsExactly(batches.get(2), batches.get(1), batches.get(0));
    assertThat(second.at("/has_more")).isEqualTo("false");
    Answer beyond = api.get("/v1/batches?after=" + batches.getFirst());
    assertThat(beyond.text())
        .isEqualTo(
            "{\"object\":\"list\",\"data\":[],\"first_id\":null,\"last_id\":null,\"has_more\":false}");
  }

  private static List<String> ids(Answer page) {
    return page.json().path("data").valueStream().map(row -> row.path("id").asString()).toList();
  }

  @Test
  void a_page_has_twenty() {
    for (int i = 0; i < 21; i++) {
      api.batch(NOWHERE);
    }
    assertThat(ids(api.get("/v1/batches"))).hasSize(20);
    assertThat(ids(api.get("/v1/batches?limit=100"))).hasSize(21);
  }

  @ParameterizedTest
  @CsvSource({
    "limit=0,limit integer_below_min_value",
    "limit=101,limit integer_above_max_value",
    "limit=x,limit invalid_type",
    "after=x,after invalid_value",
  })
  void wrong_parameters_are_refused(String query, String error) {
    assertThat(api.get("/v1/batches?" + query).error())
        .isEqualTo("400 invalid_request_error " + error);
  }

  @Test
  void the_message_of_a_limit_is_openais() {
    assertThat(api.get("/v1/batches?limit=101").message())
        .isEqualTo(
            "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.");
  }

  @Test
  void an_unknown_batch_is_not_found() {
    for (String id : List.of("x", "batch_00000000000070008000000000000000")) {
      assertThat(api.get("/v1/batches/" + id).error()).isEqualTo("404 invalid_request_error id -");
      assertThat(api.post("/v1/batches/" + id + "/cancel", "").status()).isEqualTo(404);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{}", "junk"})
  void cancelling_reads_no_body(String body) {
    String batch = api.batch(api.file(line("a")));
    Answer answer =
        api.send(
            api.request("/v1/batches/" + batch + "/cancel")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.at("/status")).isEqualTo("cancelling");
    assertThat(answer.json().path("cancelling_at").isIntegralNumber()).isTrue();
    api.await(batch, "cancelled");
    Answer again = api.post("/v1/batches/" + batch + "/cancel", body);
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.at("/status")).isEqualTo("cancelled");
  }

  @Test
  @DisplayName("scenario 4: terminal state overwritten (by a cancel)")
  void a_batch_that_has_ended_cannot_be_cancelled() {
    String failed = api.batch(NOWHERE);
    api.await(failed, "failed");
    String completed = api.batch(api.file(line("a")));
    api.await(completed, "in_progress");
    api.work();
    for (String batch : List.of(failed, completed)) {
      Answer answer = api.post("/v1/batches/" + batch + "/cancel", "");
      assertThat(answer.error()).isEqualTo("409 invalid_request_error - -");
      assertThat(answer.header("x-should-retry")).isEqualTo("false");
    }
    assertThat(api.post("/v1/batches/" + completed + "/cancel", "").message())
        .isEqualTo("Cannot cancel a batch with status 'completed'.");
  }

  @Test
  void a_batch_that_is_ending_stays_as_it_is_when_cancelled() {
    String batch = api.batch(api.file(line("a")));
    api.await(batch, "in_progress");
    api.jdbc()
        .sql(
            "UPDATE shard SET state = 'leased', leased_by = 'w', attempt = 1, lease_expires_at = now() + interval '1 h'")
        .update();
    api.jdbc().sql("UPDATE batch SET status = 'finalizing', finalizing_at = now()").update();
    Answer answer = api.post("/v1/batches/" + batch + "/cancel", "");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.at("/status")).isEqualTo("finalizing");
  }

  @Test
  @DisplayName("scenario 1: create crashes after store")
  void a_batch_whose_server_died_as_soon_as_it_was_stored_is_run_by_the_others() {
    String file = api.file(line("a"));
    String batch = api.batchOfDyingServer(file);

    api.await(batch, "in_progress");
    api.work();

    assertThat(api.await(batch, "completed").at("/request_counts/completed")).isEqualTo("1");
    assertThat(retry(creation(file), "1").at("/id")).isEqualTo(batch);
    assertThat(ids(api.get("/v1/batches"))).containsExactly(batch);
  }

  @Test
  void a_retry_finds_the_batch_that_the_first_try_made() {
    String body = creation(api.file(line("a")));
    String batch = api.post("/v1/batches", body).at("/id");
    assertThat(retry(body, "1").at("/id")).isEqualTo(batch);
    assertThat(retry(body, "0").at("/id")).isNotEqualTo(batch);
    String other = body.replace("}", ",\"metadata\":{\"a\":\"b\"}}");
    assertThat(retry(other, "1").at("/id")).isNotEqualTo(batch);
    api.jdbc().sql("UPDATE batch SET created_at = now() - interval '61 s'").update();
    assertThat(ids(api.get("/v1/batches"))).hasSize(3).doesNotContain(retry(body, "2").at("/id"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"priority\":1",
        "\"output_expires_after\":{\"anchor\":\"created_at\",\"seconds\":7200}",
        "\"metadata\":{\"a\":\"b\"}"
      })
  void a_retry_does_not_find_a_batch_that_differs(String member) {
    String body = creation(api.file(line("a")));
    String other = body.substring(0, body.length() - 1) + "," + member + "}";
    String batch = api.post("/v1/batches", body).at("/id");
    String made = retry(other, "1").at("/id");
    assertThat(made).isNotEqualTo(batch);
    assertThat(retry(other, "2").at("/id")).isEqualTo(made);
  }

  @Test
  void a_retry_does_not_find_a_batch_that_was_given_up() {
    String body = creation(api.file(line("a")));
    String batch = api.post("/v1/batches", body).at("/id");
    api.post("/v1/batches/" + batch + "/cancel", "");
    String second = retry(body, "1").at("/id");
    assertThat(second).isNotEqualTo(batch);
    api.await(batch, "cancelled");
    assertThat(retry(body, "1").at("/id")).isEqualTo(second);
    String bad = creation(api.file("{}"));
    String failed = api.post("/v1/batches", bad).at("/id");
    api.await(failed, "failed");
    assertThat(retry(bad, "1").at("/id")).isNotEqualTo(failed);
  }

  private static Answer retry(String body, String count) {
    return api.send(
        api.request("/v1/batches")
            .header("X-Stainless-Retry-Count", count)
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  @Test
  void counts_are_live() {
    String batch = api.batch(api.file(line("a"), line("b", "m-2"), line("bad", "m-2")));
    api.await(batch, "in_progress");
    api.jdbc()
        .sql("UPDATE shard SET available_at = now() + interval '50 s' WHERE model = 'm-2'")
        .update();
    api.work();
    assertThat(counts(batch)).isEqualTo("{\"total\":3,\"completed\":1,\"failed\":0}");
    assertThat(api.get("/v1/batches").json().at("/data/0/request_counts/completed").asInt())
        .isEqualTo(1);
    api.jdbc().sql("UPDATE shard SET available_at = now()").update();
    api.work();
    assertThat(counts(batch)).isEqualTo("{\"total\":3,\"completed\":2,\"failed\":1}");
  }

  private static String counts(String batch) {
    return api.get("/v1/batches/" + batch).json().path("request_counts").toString();
  }

  @Test
  void all_failed_is_completed_without_an_output_file() {
    String batch = api.batch(api.file(line("bad-1"), line("bad-2")));
    api.await(batch, "in_progress");
    api.work();
    Answer done = api.get("/v1/batches/" + batch);
    assertThat(done.at("/status")).isEqualTo("completed");
    assertThat(done.json().path("output_file_id").isNull()).isTrue();
    assertThat(done.json().path("errors").isNull()).isTrue();
    assertThat(done.at("/error_file_id")).startsWith("file-");
  }

  @Test
  void result_files_are_kept_as_long_as_asked_for() {
    String body =
        creation(api.file(line("a")))
            .replace(
                "}", ",\"output_expires_after\":{\"anchor\":\"created_at\",\"seconds\":7200}}");
    String batch = api.post("/v1/batches", body).at("/id");
    api.await(batch, "in_progress");
    api.work();
    Answer file = api.get("/v1/files/" + api.get("/v1/batches/" + batch).at("/output_file_id"));
    assertThat(file.json().path("expires_at").asLong() - file.json().path("created_at").asLong())
        .isEqualTo(7200);
    assertThat(file.at("/purpose")).isEqualTo("batch_output");
    assertThat(file.at("/filename")).isEqualTo(batch + "_output.jsonl");
  }
}
