package dev.stoker.api;

import static dev.stoker.api.TestApi.line;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.api.TestApi.Answer;
import dev.stoker.health.GpuReading;
import dev.stoker.health.GpuTable;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class HealthTest {
  @RegisterExtension static final TestApi api = new TestApi();

  @Test
  void all_is_well() {
    api.await(api.batch(api.file(line("a"), line("b"))), "in_progress");
    api.jdbc()
        .sql(
            "INSERT INTO worker_slot (worker, host, state, watchdog_pid) VALUES ('host/0', 'host', 'running', 1)")
        .update();
    api.jdbc()
        .sql("INSERT INTO recovery (worker, planned, cause) VALUES ('host/0', false, 'killed')")
        .update();
    Answer health = api.get("/health");
    assertThat(health.status()).isEqualTo(200);
    assertThat(health.text())
        .startsWith("{\"status\":\"healthy\",\"service\":\"batch-api\",\"version\":\"");
    assertThat(health.json().path("workers").toString())
        .isEqualTo(
            ("[{'worker':'host/0','status':'ready','heartbeat_age_seconds':0,'fresh':true,'in_flight':0,"
                    + "'loaded_model':'','loading_model':'','swaps':0,'last_swap_ms':null,'models':['m-1','m-2'],'lines_done':0,'progress_age_seconds':null,"
                    + "'pid':null}]")
                .replace('\'', '"'));
    assertThat(health.json().path("queue").toString())
        .isEqualTo(
            ("{'batches':{'validating':0,'in_progress':1,'finalizing':0,'cancelling':0},"
                    + "'shards':{'queued':1,'leased':0},'open_lines':2}")
                .replace('\'', '"'));
    assertThat(health.json().path("supervisor").toString())
        .isEqualTo(
            ("{'slots':[{'worker':'host/0','state':'running','reason':'','state_age_seconds':0,"
                    + "'respawns_last_hour':1,'respawns_max':10,'gpu_fault':null}]}")
                .replace('\'', '"'));
    assertThat(health.json().path("gate").toString()).isEqualTo("{\"open\":true,\"reason\":null}");
  }

  @Test
  void a_quarantined_model_is_named_and_no_reason_to_refuse_work() {
    api.quarantine("m-2", "no memory");
    Answer health = api.get("/health");
    assertThat(health.status()).isEqualTo(200);
    assertThat(health.at("/status")).isEqualTo("degraded");
    assertThat(health.json().path("quarantined_models").toString())
        .isEqualTo("[{\"model\":\"m-2\",\"reason\":\"no memory\"}]");
    assertThat(health.at("/gate/open")).isEqualTo("true");
    assertThat(health.text())
        .as("where the command line looks for it")
        .endsWith("\"reason\":\"Quarantined models: m-2 (no memory)\"}");
    api.await(api.batch(api.file(line("a"))), "in_progress");
  }

  @Test
  void gpus_are_listed_with_their_readings_and_faults() {
    assertThat(api.get("/health").json().path("gpus").toString()).isEqualTo("[]");
    OptionalLong unknown = OptionalLong.empty();
    GpuReading well =
        new GpuReading(
            0,
            "GPU-0",
            "Stub 9000",
            OptionalLong.of(1024),
            OptionalLong.of(2048),
            OptionalLong.of(97),
            OptionalLong.of(61),
            OptionalLong.of(250_000),
            "");
    GpuReading lost =
        new GpuReading(1, "", "", unknown, unknown, unknown, unknown, unknown, "Xid 79");
    new GpuTable(api.jdbc()).write("host", List.of(well, lost), Duration.ofSeconds(30));
    assertThat(
            api.get("/health")
                .json()
                .path("gpus")
                .toString()
                .replaceAll("age_seconds\":3\\d", "age_seconds\":3x"))
        .isEqualTo(
            ("[{'host':'host','index':0,'uuid':'GPU-0','name':'Stub 9000','memory_used_bytes':1024,"
                    + "'memory_total_bytes':2048,'utilisation_percent':97,'temperature_c':61,'power_mw':250000,"
                    + "'fault':null,'age_seconds':3x},"
                    + "{'host':'host','index':1,'uuid':'','name':'','memory_used_bytes':null,"
                    + "'memory_total_bytes':null,'utilisation_percent':null,'temperature_c':null,'power_mw':null,"
                    + "'fault':'Xid 79','age_seconds':3x}]")
                .replace('\'', '"'));
  }

  @Test
  void without_a_fresh_worker_it_is_degraded() {
    api.beat(Duration.ofSeconds(61));
    Answer health = api.get("/health");
    assertThat(health.status()).isEqualTo(200);
    assertThat(health.at("/status")).isEqualTo("degraded");
    assertThat(health.at("/gate/reason")).startsWith("Worker offline (last seen ");
    assertThat(health.at("/workers/0/fresh")).isEqualTo("false");
  }

  @Test
  void without_its_tables_it_is_unhealthy_and_not_ready_but_alive() {
    api.jdbc().sql("ALTER TABLE worker_slot RENAME TO away").update();
    try {
      Answer health = api.get("/health");
      assertThat(health.status()).isEqualTo(503);
      assertThat(health.text())
          .startsWith("{\"status\":\"unhealthy\",\"service\":\"batch-api\",\"version\":\"");
      assertThat(api.get("/health/ready").status()).isEqualTo(503);
      assertThat(api.get("/health/live").text()).isEqualTo("{\"status\":\"live\"}");
    } finally {
      api.jdbc().sql("ALTER TABLE away RENAME TO worker_slot").update();
    }
    assertThat(api.get("/health/ready").text()).isEqualTo("{\"status\":\"ready\"}");
  }
}
