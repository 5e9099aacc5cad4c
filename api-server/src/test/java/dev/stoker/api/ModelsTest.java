package dev.stoker.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.api.TestApi.Answer;
import dev.stoker.model.ModelTable;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelsTest {
  @RegisterExtension static final TestApi api = new TestApi();

  @Test
  void models_are_what_workers_serve() {
    Answer models = api.get("/v1/models");
    assertThat(models.text())
        .matches(
            ("\\{'object':'list','data':\\[\\{'id':'m-1','object':'model','created':\\d+,"
                    + "'owned_by':'stoker','alias_of':null,'aliases':\\[],'engine':null,"
                    + "'state':'available','served_by':\\['host/0'],'loaded_on':\\[],'slots_max':null,"
                    + "'context_tokens':null,'memory_bytes':null,'last_load_ms':null,"
                    + "'load_failures':0,'failure':null},\\{'id':'m-2',.*}]}")
                .replace('\'', '"'));
    assertThat(api.get("/v1/models/m-2").at("/id")).isEqualTo("m-2");
    assertThat(api.get("/v1/models/who/else").error())
        .isEqualTo("404 invalid_request_error model model_not_found");
    serve("{org/m}");
    assertThat(api.get("/v1/models/org/m").status()).isEqualTo(200);
    assertThat(api.get("/v1/models/org%2Fm/").status()).isEqualTo(200);
  }

  @Test
  void a_registered_model_tells_what_it_is_and_where() {
    ModelTable registry = new ModelTable(api.jdbc());
    registry.register(List.of(TestApi.definition("m-1")));
    registry.loaded("m-1", Duration.ofMillis(1234));
    registry.failed("m-1", "no memory", 3);
    api.jdbc().sql("UPDATE model SET created_at = to_timestamp(1000) WHERE name = 'm-1'").update();
    serve("{m-1,m-1-alias}");
    api.jdbc().sql("UPDATE worker_heartbeat SET loaded_model = 'm-1'").update();
    String model =
        ("{'id':'m-1','object':'model','created':1000,'owned_by':'stoker','alias_of':null,"
                + "'aliases':['m-1-alias'],'engine':'llama','state':'loaded',"
                + "'served_by':['host/0'],'loaded_on':['host/0'],'slots_max':8,"
                + "'context_tokens':4096,'memory_bytes':5368709120,'last_load_ms':1234,"
                + "'load_failures':1,'failure':'no memory'}")
            .replace('\'', '"');
    String alias =
        model
            .replace("\"id\":\"m-1\"", "\"id\":\"m-1-alias\"")
            .replace("\"alias_of\":null", "\"alias_of\":\"m-1\"");
    assertThat(api.get("/v1/models").json().path("data").toString())
        .isEqualTo("[" + model + "," + alias + "]");
    assertThat(api.get("/models/m-1-alias").text()).isEqualTo(alias);
  }

  @ParameterizedTest
  @CsvSource({
    "status = 'ready',                                    available",
    "loading_model = 'm-1',                               loading",
    "loaded_model = 'm-1-alias',                          loaded",
    "status = 'engine_down',                              available",
    "status = 'stopped',                                  unserved",
    "loaded_model = 'm-1' AND status = 'fenced',          unserved",
    "loaded_model = 'm-1' AND last_seen_at = '2000-01-01', unserved"
  })
  void a_models_state_is_what_living_workers_say(String assignments, String state) {
    new ModelTable(api.jdbc()).register(List.of(TestApi.definition("m-1")));
    api.jdbc().sql("UPDATE worker_heartbeat SET " + assignments.replace(" AND ", ", ")).update();
    assertThat(api.get("/models/m-1").at("/state")).isEqualTo(state);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/models/m-2", "/v1/models/m-2", "/models/m-2-alias"})
  void a_quarantined_model_can_be_tried_again(String path) {
    api.quarantine("m-2", "no memory");
    Answer before = api.get(path);
    assertThat(before.at("/state")).isEqualTo("quarantined");
    assertThat(before.at("/failure")).isEqualTo("no memory");
    serve("{m-1,m-2,m-2-alias}");
    Answer reset = api.post(path + "/reset", "");
    assertThat(reset.status()).isEqualTo(200);
    assertThat(reset.at("/state")).isEqualTo("available");
    assertThat(reset.at("/load_failures")).isEqualTo("0");
    assertThat(new ModelTable(api.jdbc()).quarantined()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/models/org/m/reset", "/v1/models/org%2Fm/reset"})
  void a_name_with_a_slash_can_be_reset(String path) {
    api.quarantine("org/m", "no memory");
    serve("{org/m}");
    assertThat(api.post(path, "").at("/id")).isEqualTo("org/m");
    assertThat(new ModelTable(api.jdbc()).quarantined()).isEmpty();
  }

  @Test
  void a_quarantined_model_that_no_worker_serves_any_more_can_be_reset_too() {
    api.quarantine("old", "no memory");
    assertThat(api.post("/models/old/reset", "").status()).isEqualTo(200);
    assertThat(api.get("/models/old").status()).isEqualTo(404);
  }

  @Test
  void where_there_is_nothing_to_reset_this_is_said() {
    Answer sound = api.post("/models/m-1/reset", "");
    assertThat(sound.error()).isEqualTo("409 invalid_request_error - -");
    assertThat(sound.message()).contains("m-1", "available", "nothing to reset");
    assertThat(api.post("/models/who/reset", "").error())
        .isEqualTo("404 invalid_request_error model model_not_found");
    for (String path : List.of("/models/m-1", "/models/reset", "/models/m-1/reset/it")) {
      assertThat(api.post(path, "").error())
          .isEqualTo("405 invalid_request_error - method_not_supported");
    }
  }

  @Test
  void a_web_page_of_another_site_resets_nothing() {
    api.quarantine("m-2", "no memory");
    String path = "/v1/models/m-2/reset";
    assertThat(postFrom("https://elsewhere.example", path).error())
        .isEqualTo("403 invalid_request_error - -");
    assertThat(api.get("/models/m-2").at("/state")).isEqualTo("quarantined");
    assertThat(postFrom(api.url(""), path).status()).isEqualTo(200);
  }

  private static void serve(String models) {
    api.jdbc()
        .sql("UPDATE worker_heartbeat SET models = :models::text[]")
        .param("models", models)
        .update();
  }

  private static Answer postFrom(String origin, String path) {
    return api.send(
        api.request(path).header("Origin", origin).POST(HttpRequest.BodyPublishers.noBody()));
  }
}
