package dev.stoker.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.endtoend.Installation.Finished;
import dev.stoker.testing.Until;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a user keeps when processes of a whole installation are killed. */
class KilledProcessesIT {
  private static final Duration SOON = Duration.ofSeconds(12);
  private static final int STALE_AFTER_S = 5;

  private static Installation installation;
  private static Client client;

  @BeforeAll
  static void start() {
    installation =
        Installation.start(
            "killed",
            Map.of(
                "STOKER_HEARTBEAT_STALE_AFTER",
                STALE_AFTER_S + "s",
                "STOKER_HEARTBEAT_EVERY",
                "500ms"));
    client = new Client(installation.root());
  }

  @AfterAll
  static void stop() {
    installation.close();
  }

  @Test
  @DisplayName("scenario 5: worker crash strands a job")
  void a_batch_whose_worker_is_killed_in_the_middle_has_every_line_exactly_once() {
    int lines = 2_000;
    String batch = created(lines);
    Until.within(SOON).holds(() -> completed(batch) > 100);
    ProcessHandle killed = installation.workers().getFirst();

    installation.signal("worker", "KILL");

    Until.within(SOON).holds(() -> ended(batch));
    assertThat(killed.isAlive()).isFalse();
    assertThat(completed(batch)).isEqualTo(lines);
    assertThat(client.customIds(Client.text(client.batch(batch), "output_file_id")))
        .containsExactlyElementsOf(Client.idsUpTo(lines));
    assertThat(client.get("/health").body()).contains("\"respawns_last_hour\":");
  }

  @Test
  void a_batch_goes_on_when_api_server_and_watchdog_are_killed_and_started_again() {
    int lines = 1_000;
    String batch = created(lines);
    Until.within(SOON).holds(() -> completed(batch) > 20);
    ProcessHandle worker = installation.workers().getFirst();

    installation.signal("api_server", "KILL");
    installation.signal("watchdog", "KILL");
    Until.within(SOON)
        .holds(
            () ->
                installation.process("api_server").isEmpty()
                    && installation.process("watchdog").isEmpty());
    Finished started = installation.run("start-all.sh");

    assertThat(started.status()).as(started.output()).isZero();
    Until.within(SOON).holds(() -> ended(batch));
    assertThat(installation.workers()).containsExactly(worker);
    assertThat(client.customIds(Client.text(client.batch(batch), "output_file_id")))
        .containsExactlyElementsOf(Client.idsUpTo(lines));
  }

  @Test
  void without_a_worker_batches_are_refused_until_one_is_back_and_all_else_works() {
    String file = client.upload(3);
    String earlier = created(1);
    installation.signal("watchdog", "KILL");
    Until.within(SOON).holds(() -> installation.process("watchdog").isEmpty());
    installation.signal("worker", "KILL");

    Until.within(SOON).holds(() -> client.create(file).statusCode() == 503);
    HttpResponse<String> refused = client.create(file);
    assertThat(refused.body()).containsPattern("Worker offline \\(last seen \\d+s ago\\)");
    assertThat(Client.number(refused.body().replace("last seen ", "\"age\":"), "age"))
        .isGreaterThanOrEqualTo(STALE_AFTER_S);
    assertThat(refused.headers().firstValue("retry-after")).isPresent();
    assertThat(client.upload(2)).startsWith("file-");
    assertThat(client.get("/v1/batches/" + earlier).statusCode()).isEqualTo(200);
    assertThat(client.get("/v1/files/" + file + "/content").body().lines()).hasSize(3);

    Finished started = installation.run("start-all.sh");
    assertThat(started.status()).as(started.output()).isZero();
    HttpResponse<String> accepted = client.create(file);
    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(200);
    Until.within(SOON).holds(() -> ended(Client.text(accepted.body(), "id")));
  }

  @Test
  void stop_all_leaves_no_process_and_start_all_goes_on_with_what_was_running() throws IOException {
    int lines = 1_500;
    String batch = created(lines);
    Until.within(SOON).holds(() -> completed(batch) > 20);

    Finished stopped = installation.run("stop-all.sh");
    assertThat(stopped.status()).as(stopped.output()).isZero();
    assertThat(installation.processes()).isEmpty();
    assertThat(Files.readString(installation.logDirectory().resolve("worker.log")).strip())
        .as("with requests in flight the worker drains to its end")
        .endsWith("exit 0: drained");
    Finished again = installation.run("stop-all.sh");
    assertThat(again.status()).as(again.output()).isZero();

    Finished started = installation.run("start-all.sh");
    assertThat(started.status()).as(started.output()).isZero();
    Until.within(SOON).holds(() -> ended(batch));
    assertThat(client.customIds(Client.text(client.batch(batch), "output_file_id")))
        .containsExactlyElementsOf(Client.idsUpTo(lines));
  }

  private static String created(int lines) {
    String file = client.upload(lines);
    // A worker that another test has killed may not be back yet.
    Until.within(SOON).holds(() -> client.get("/health").body().contains("\"open\":true"));
    HttpResponse<String> answer = client.create(file);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Client.text(answer.body(), "id");
  }

  private static int completed(String batch) {
    return Client.number(client.batch(batch), "completed");
  }

  private static boolean ended(String batch) {
    return Client.text(client.batch(batch), "status").equals("completed");
  }
}
