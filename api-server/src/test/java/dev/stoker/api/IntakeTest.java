package dev.stoker.api;

import static dev.stoker.api.TestApi.line;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.api.TestApi.Answer;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IntakeTest {
  @RegisterExtension static final TestApi api = new TestApi();

  private static String errors(String... lines) {
    return errorsOf(api.file(lines));
  }

  /** What a batch of the file fails with: line, code and param of each error. */
  private static String errorsOf(String file) {
    Answer failed = api.await(api.batch(file), "failed");
    assertThat(failed.at("/errors/object")).isEqualTo("list");
    assertThat(failed.json().path("request_counts").toString())
        .isEqualTo("{\"total\":0,\"completed\":0,\"failed\":0}");
    assertThat(failed.json().path("failed_at").isIntegralNumber()).isTrue();
    return failed
        .json()
        .path("errors")
        .path("data")
        .valueStream()
        .map(
            error ->
                error.path("line").asString("-")
                    + " "
                    + error.path("code").asString()
                    + " "
                    + error.path("param").asString("-"))
        .collect(Collectors.joining("; "));
  }

  @ParameterizedTest(name = "{1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"custom_id\":          | 2 invalid_json_line -",
        "[1]                      | 2 invalid_json_line -",
        "{\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{}} | 2 missing_required_parameter custom_id",
        "{\"custom_id\":\"x\",\"url\":\"/v1/embeddings\",\"body\":{}} | 2 missing_required_parameter method",
        "{\"custom_id\":\"x\",\"method\":\"POST\",\"body\":{}} | 2 missing_required_parameter url",
        "{\"custom_id\":\"x\",\"method\":\"POST\",\"url\":\"/v1/embeddings\"} | 2 missing_required_parameter body",
        "{\"custom_id\":\"x\",\"method\":\"POST\",\"url\":\"/v1/completions\",\"body\":{\"model\":\"m-1\",\"prompt\":\"x\"}} | 2 invalid_url url",
        "{\"custom_id\":\"x\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\"who\",\"input\":\"x\"}} | 2 model_not_found body.model",
        "{\"custom_id\":\"x\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\"m-1\",\"input\":\"x\",\"stream\":true}} | 2 streaming_unsupported body.stream",
        "{\"custom_id\":\"x\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"input\":\"x\"}} | 2 invalid_request body.model",
        "{\"custom_id\":\"x\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\"m-1\"}} | 2 invalid_request body.input",
        "{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\"m-1\",\"input\":\"x\"}} | 2 duplicate_custom_id custom_id",
      })
  void a_faulty_line_fails_the_batch(String line, String error) {
    assertThat(errors(line("a"), line, line("c"))).isEqualTo(error);
  }

  @Test
  void a_quarantined_model_fails_the_batch_with_its_reason_and_what_to_do() {
    api.quarantine("m-2", "the file ends early");
    String batch = api.batch(api.file(line("a"), line("b", "m-2"), line("c", "who")));
    Answer failed = api.await(batch, "failed");
    assertThat(failed.at("/errors/data/0/code")).isEqualTo("model_quarantined");
    assertThat(failed.at("/errors/data/0/line")).isEqualTo("2");
    assertThat(failed.at("/errors/data/0/param")).isEqualTo("body.model");
    assertThat(failed.at("/errors/data/0/message"))
        .contains("m-2", "(the file ends early)", "scripts/stoker models reset m-2");
    assertThat(failed.at("/errors/data/1/code")).isEqualTo("model_not_found");
    assertThat(failed.json().at("/errors/data")).hasSize(2);
  }

  /** Nor does it wait for a worker that may yet serve it. */
  @Test
  void a_quarantined_model_is_refused_under_its_aliases_and_while_no_worker_serves_it() {
    api.jdbc()
        .sql(
            "UPDATE worker_heartbeat SET models = '{m-1}', status = 'starting', started_at = now()")
        .update();
    api.quarantine("m-2", "no memory");
    assertThat(errors(line("a"), line("b", "m-2-alias")))
        .isEqualTo("2 model_quarantined body.model");
  }

  @Test
  void a_model_whose_quarantine_was_lifted_is_taken_again() {
    api.quarantine("m-2", "no memory");
    assertThat(api.post("/models/m-2/reset", "").status()).isEqualTo(200);
    api.await(api.batch(api.file(line("b", "m-2"))), "in_progress");
  }

  @Test
  void all_faults_are_listed_in_the_order_of_lines() {
    assertThat(
            errors(
                line("a"),
                "",
                line("a"),
                "no",
                line("b").replace("embeddings", "moderations"),
                line("c", "who"),
                line("a")))
        .isEqualTo(
            "3 duplicate_custom_id custom_id; 4 invalid_json_line -; 5 invalid_url url;"
                + " 6 model_not_found body.model; 7 duplicate_custom_id custom_id");
  }

  @Test
  void duplicates_far_apart_are_found() {
    String[] lines =
        IntStream.rangeClosed(1, 700).mapToObj(n -> line("c" + n % 699)).toArray(String[]::new);
    assertThat(errors(lines)).isEqualTo("700 duplicate_custom_id custom_id");
  }

  @Test
  void a_hundred_errors_are_enough() {
    String[] lines = IntStream.range(0, 400).mapToObj(_ -> "{}").toArray(String[]::new);
    Answer failed = api.await(api.batch(api.file(lines)), "failed");
    assertThat(failed.json().path("errors").path("data").size()).isEqualTo(100);
    assertThat(failed.json().at("/errors/data/99/line").asInt()).isEqualTo(100);
  }

  @Test
  void the_messages_are_openais() {
    Answer failed = api.await(api.batch(api.file("{}", "x")), "failed");
    assertThat(failed.json().path("errors").toString())
        .isEqualTo(
            ("{'object':'list','data':[{'code':'missing_required_parameter','line':1,"
                    + "'message':\"Missing required parameter: 'custom_id'.\",'param':'custom_id'},"
                    + "{'code':'invalid_json_line','line':2,"
                    + "'message':'This line is not parseable as valid JSON.','param':null}]}")
                .replace("'custom_id'.\"", "~custom_id~.\"")
                .replace('\'', '"')
                .replace('~', '\''));
  }

  @Test
  void an_empty_file_fails_the_batch() {
    assertThat(errorsOf(api.fileOf(""))).isEqualTo("- empty_file -");
    assertThat(errorsOf(api.fileOf("\n \n\r\n"))).isEqualTo("- empty_file -");
  }

  @Test
  void too_many_lines_fail_the_batch() {
    String[] lines =
        IntStream.rangeClosed(0, TestApi.LINES_MAX)
            .mapToObj(n -> line("c" + n))
            .toArray(String[]::new);
    assertThat(errors(lines)).isEqualTo("- too_many_tasks -");
  }

  @Test
  void a_line_that_is_too_long_fails_the_batch() {
    String endless = line("b").replace("hello", "x".repeat(TestApi.LINE_BYTES_MAX * 3));
    assertThat(errors(line("a"), endless, line("c"), "{}"))
        .isEqualTo("2 invalid_request -; 4 missing_required_parameter custom_id");
  }

  @Test
  void a_file_that_is_not_there_fails_the_batch() {
    String nowhere = "file-00000000000070008000000000000000";
    assertThat(errorsOf(nowhere)).isEqualTo("- invalid_request file_id");
    assertThat(errorsOf("nonsense")).isEqualTo("- invalid_request file_id");
    assertThat(api.get("/v1/batches").json().at("/data/1/errors/data/0/message").asString())
        .startsWith("Cannot find file " + nowhere + ", or organization ");
  }

  @Test
  void a_file_of_another_purpose_fails_the_batch() {
    String file =
        api.upload(
                new Multipart()
                    .text("purpose", "fine-tune")
                    .file("a", line("a").getBytes(java.nio.charset.StandardCharsets.UTF_8)))
            .at("/id");
    assertThat(errorsOf(file)).isEqualTo("- invalid_request file_id");
  }

  @Test
  void marks_carriage_returns_and_blank_lines_do_no_harm() {
    String batch = api.batch(api.fileOf("\uFEFF" + line("a") + "\r\n\r\n \n" + line("b", "m-2")));
    Answer running = api.await(batch, "in_progress");
    assertThat(running.at("/request_counts/total")).isEqualTo("2");
    api.work();
    Answer done = api.get("/v1/batches/" + batch);
    assertThat(done.at("/status")).isEqualTo("completed");
    assertThat(done.at("/request_counts/completed")).isEqualTo("2");
  }

  @Test
  void a_model_may_yet_be_served_by_a_worker_that_is_starting() {
    api.jdbc()
        .sql(
            "INSERT INTO worker_heartbeat (worker, incarnation, host, status) VALUES ('host/1', 1, 'host', 'starting')")
        .update();
    String waits = api.batch(api.file(line("a", "m-3")));
    String goes = api.batch(api.file(line("a")));
    api.await(goes, "in_progress");
    assertThat(api.get("/v1/batches/" + waits).at("/status")).isEqualTo("validating");
    api.jdbc()
        .sql(
            "UPDATE worker_heartbeat SET status = 'ready', models = '{m-3}' WHERE worker = 'host/1'")
        .update();
    assertThat(api.await(waits, "in_progress").at("/model")).isEqualTo("m-3");
  }

  @Test
  void a_batch_that_another_process_is_judging_holds_up_nobody() {
    api.jdbc()
        .sql(
            "INSERT INTO worker_heartbeat (worker, incarnation, host, status) VALUES ('host/1', 1, 'host', 'starting')")
        .update();
    String judgedElsewhere = api.batch(api.file(line("a", "m-3")));
    api.transactions()
        .executeWithoutResult(
            _ -> {
              api.jdbc().sql("SELECT id FROM batch FOR UPDATE").query(UUID.class).single();
              api.await(api.batch(api.file(line("a"))), "in_progress");
              assertThat(api.get("/v1/batches/" + judgedElsewhere).at("/status"))
                  .isEqualTo("validating");
            });
    api.jdbc()
        .sql("UPDATE worker_heartbeat SET status = 'stopped' WHERE worker = 'host/1'")
        .update();
    api.await(judgedElsewhere, "failed");
  }

  @Test
  void a_batch_cancelled_before_it_was_judged_accounts_for_its_lines() {
    String file = api.file(line("a"), line("b"));
    String batch = cancelledUnjudged(file);
    Answer done = api.await(batch, "cancelled");
    assertThat(done.json().path("request_counts").toString())
        .isEqualTo("{\"total\":2,\"completed\":0,\"failed\":2}");
    assertThat(api.get("/v1/files/" + done.at("/error_file_id") + "/content").text().lines())
        .hasSize(2);
  }

  @Test
  void a_bad_batch_cancelled_before_it_was_judged_is_cancelled_with_nothing() {
    Answer done = api.await(cancelledUnjudged(api.file("{}")), "cancelled");
    assertThat(done.json().path("request_counts").toString())
        .isEqualTo("{\"total\":0,\"completed\":0,\"failed\":0}");
    assertThat(done.json().path("errors").isNull()).isTrue();
    assertThat(done.json().path("error_file_id").isNull()).isTrue();
  }

  /** As if the client had been quicker than the intake. */
  private static String cancelledUnjudged(String file) {
    String id = "0190" + "a".repeat(8) + "7000" + "8000" + "b".repeat(12);
    api.jdbc()
        .sql(
            "INSERT INTO batch (id, endpoint, input_file_id, completion_window, status, expires_at, cancelling_at)"
                + " VALUES (:id::uuid, '/v1/embeddings', :file, '24h', 'cancelling', now() + interval '1 d', now())")
        .param("id", id)
        .param("file", file)
        .update();
    return "batch_" + id;
  }
}
