package dev.stoker.api;

import static dev.stoker.api.TestApi.line;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.api.TestApi.Answer;
import dev.stoker.health.WorkerSlotTable;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {
  @RegisterExtension static final TestApi api = new TestApi();

  private static final String BROKEN =
      "GPU 0 of host is unhealthy: Xid 79 of GPU 0000:61:00: GPU has fallen off the bus.";

  @ParameterizedTest
  @ValueSource(strings = {"", "/v1"})
  void a_slot_that_was_given_up_can_be_asked_to_go_on(String prefix) {
    slot("gave_up", "restart limit exceeded");
    Answer answer = api.post(prefix + "/workers/host/0/resume", "");
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.at("/id")).isEqualTo("host/0");
    assertThat(answer.at("/wish")).isEqualTo("resume");
    assertThat(wish()).isEqualTo("resume");
  }

  @Test
  void a_slot_that_waits_for_nobody_has_nothing_to_resume() {
    slot("running", "");
    Answer answer = api.post("/workers/host/0/resume", "");
    assertThat(answer.error()).isEqualTo("409 invalid_request_error - -");
    assertThat(answer.text()).contains("nothing to resume");
    assertThat(wish()).isEmpty();
  }

  @Test
  void a_worker_can_be_asked_to_restart_whatever_its_state() {
    slot("running", "");
    assertThat(api.post("/v1/workers/host/0/restart", "").status()).isEqualTo(202);
    assertThat(wish()).isEqualTo("restart");
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://elsewhere.example", "http://127.0.0.1:1", "null"})
  void a_web_page_of_another_site_changes_nothing(String origin) {
    slot("gave_up", "restart limit exceeded");
    for (String path :
        List.of(
            "/workers/host/0/restart", "/v1/workers/host/0/resume", "/v1/files", "/v1/batches")) {
      Answer answer = postFrom(origin, path);
      assertThat(answer.error()).isEqualTo("403 invalid_request_error - -");
      assertThat(answer.message()).contains(origin);
    }
    assertThat(wish()).isEmpty();
  }

  @Test
  void a_browser_that_asks_for_a_web_page_of_another_site_gets_no_leave() {
    slot("running", "");
    Answer answer =
        api.send(
            api.request("/workers/host/0/restart")
                .header("Origin", "https://elsewhere.example")
                .header("Access-Control-Request-Method", "POST")
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody()));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Access-Control-Allow-Origin")).isEmpty();
    assertThat(wish()).isEmpty();
  }

  @Test
  void a_web_page_of_this_server_may_restart_a_worker() {
    slot("running", "");
    assertThat(postFrom(api.url(""), "/workers/host/0/restart").status()).isEqualTo(202);
    assertThat(wish()).isEqualTo("restart");
  }

  @Test
  void a_page_behind_a_proxy_that_changes_the_host_is_known_by_what_the_browser_says() {
    slot("running", "");
    Answer answer =
        api.send(
            api.request("/workers/host/0/restart")
                .header("Origin", "https://stoker.example")
                .header("Sec-Fetch-Site", "same-origin")
                .POST(HttpRequest.BodyPublishers.noBody()));
    assertThat(answer.status()).isEqualTo(202);
  }

  @Test
  void what_is_no_slot_is_not_found() {
    assertThat(api.post("/workers/host/7/resume", "").error())
        .isEqualTo("404 invalid_request_error id -");
    assertThat(api.post("/workers/host/7/restart", "").error())
        .isEqualTo("404 invalid_request_error id -");
  }

  @Test
  void workers_are_listed_with_their_slots_and_processes() {
    slot("suspect", "no heartbeat for 21 s");
    assertThat(api.get("/workers").text())
        .isEqualTo(
            ("{'object':'list','data':[{'id':'host/0','object':'worker','host':'host','state':'suspect',"
                    + "'reason':'no heartbeat for 21 s','state_age_seconds':0,'respawns_last_hour':0,"
                    + "'respawns_max':10,'wish':'','gpu_fault':null,'process':{'worker':'host/0','status':'ready',"
                    + "'heartbeat_age_seconds':0,'fresh':true,'in_flight':0,'loaded_model':'','loading_model':'','swaps':0,'last_swap_ms':null,"
                    + "'models':['m-1','m-2'],'lines_done':0,'progress_age_seconds':null,'pid':null}}]}")
                .replace('\'', '"'));
  }

  @Test
  void recoveries_are_listed_from_the_newest_on() {
    api.jdbc()
        .sql(
            """
            INSERT INTO recovery (worker, planned, poison, cause, exit_status, old_pid, new_pid, leases_returned,
                                  detected_at, fence_ms, kill_ms, confirm_ms, ready_at, incident)
            VALUES ('host/0', true, false, 'first start', NULL, NULL, NULL, 0, now(), NULL, NULL, NULL, NULL, ''),
                   ('host/0', false, false, 'signal KILL', 137, 1, 2, 3, to_timestamp(100), 4, 5, 6,
                    to_timestamp(101.5), '/incidents/1')
            """)
        .update();
    assertThat(api.get("/recoveries?limit=1").text())
        .matches(
            ("\\{'object':'list','data':\\[\\{'id':\\d+,'object':'recovery','worker':'host/0','planned':false,"
                    + "'poison':false,'cause':'signal KILL','exit_status':137,'old_pid':1,'new_pid':2,"
                    + "'leases_returned':3,'detected_at':100,'fence_ms':4,'kill_ms':5,'confirm_ms':6,"
                    + "'ready_ms':1500,'incident':'/incidents/1'}]}")
                .replace('\'', '"'));
    assertThat(api.get("/v1/recoveries").json().path("data")).hasSize(2);
    assertThat(api.get("/recoveries?limit=0").error())
        .isEqualTo("400 invalid_request_error limit integer_below_min_value");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gave_up", "quarantined"})
  void batches_are_refused_with_the_reason_of_a_slot_that_waits_for_a_person(String state) {
    String file = api.file(line("a"));
    slot(state, "Xid 79: the GPU has fallen off the bus");
    Answer refused =
        api.post(
            "/v1/batches",
            "{\"input_file_id\":\"%s\",\"endpoint\":\"/v1/embeddings\",\"completion_window\":\"24h\"}"
                .formatted(file));
    assertThat(refused.status()).isEqualTo(503);
    assertThat(refused.text()).contains("Xid 79: the GPU has fallen off the bus");
  }

  @Test
  void batches_are_refused_with_the_fault_of_the_only_workers_gpu() {
    String creation =
        "{\"input_file_id\":\"%s\",\"endpoint\":\"/v1/embeddings\",\"completion_window\":\"24h\"}"
            .formatted(api.file(line("a")));
    slot("running", "");
    WorkerSlotTable slots = new WorkerSlotTable(api.jdbc());
    slots.gpuFault("host/0", BROKEN, Duration.ZERO);
    Answer refused = api.post("/v1/batches", creation);
    assertThat(refused.error()).isEqualTo("503 service_unavailable - -");
    assertThat(refused.message()).isEqualTo("Worker offline: " + BROKEN);
    assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 30);
    Answer health = api.get("/health");
    assertThat(health.at("/status")).isEqualTo("degraded");
    assertThat(health.at("/gate/reason")).isEqualTo("Worker offline: " + BROKEN);
    assertThat(health.at("/workers/0/fresh")).isEqualTo("false");
    assertThat(health.at("/supervisor/slots/0/gpu_fault")).isEqualTo(BROKEN);
    Answer workers = api.get("/workers");
    assertThat(workers.at("/data/0/gpu_fault")).isEqualTo(BROKEN);
    assertThat(workers.at("/data/0/process/fresh")).isEqualTo("false");

    slots.gpuFault("host/0", BROKEN, Duration.ofSeconds(61)); // nobody has looked since
    assertThat(api.post("/v1/batches", creation).status()).isEqualTo(200);
    slots.gpuFault("host/0", BROKEN, Duration.ZERO);
    slots.gpuFault("host/0", "", Duration.ZERO);
    assertThat(api.post("/v1/batches", creation).status()).isEqualTo(200);
  }

  private static Answer postFrom(String origin, String path) {
    return api.send(
        api.request(path).header("Origin", origin).POST(HttpRequest.BodyPublishers.noBody()));
  }

  private static void slot(String state, String reason) {
    api.jdbc()
        .sql(
            "INSERT INTO worker_slot (worker, host, state, reason, watchdog_pid) VALUES ('host/0', 'host', :state, :reason, 1)")
        .param("state", state)
        .param("reason", reason)
        .update();
  }

  private static String wish() {
    return api.jdbc().sql("SELECT wish FROM worker_slot").query(String.class).single();
  }
}
