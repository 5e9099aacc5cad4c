package dev.stoker.watchdog.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.health.Gate;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerStatus;
import dev.stoker.model.ModelDefinition;
import dev.stoker.model.ModelEngine;
import dev.stoker.model.ModelTable;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelsCommandTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private final Rows rows = new Rows(database);

  @Test
  void without_a_model_this_is_said() {
    Answer answer = models();
    assertThat(answer.text()).isEqualTo("No worker has registered a model yet.");
    assertThat(JsonText.of(answer.data())).isEqualTo("{\"models\":[]}");
    assertThat(answer.status()).isEqualTo(Answer.DONE);
  }

  @Test
  void each_model_is_shown_with_where_it_is_and_why_not() {
    rows.heartbeat("h/0", WorkerStatus.READY, Duration.ZERO);
    database.jdbc().sql("UPDATE worker_heartbeat SET loaded_model = 'm'").update();
    register("m", "n");
    table().loaded("m", Duration.ofMillis(12_345));
    table().failed("n", "no such file\nat all", 1);
    assertThat(models().text().lines())
        .containsExactly(
            "MODEL  ENGINE  STATE        LOADED ON  SLOTS  MEMORY    LAST LOAD  FAILURES  REASON",
            "m      llama   loaded       h/0        8      5120 MiB  12.3 s     0",
            "n      llama   quarantined  -          8      5120 MiB  -          1         no such file");
    assertThat(JsonText.of(models().data()))
        .startsWith(
            "{\"models\":[{\"model\":\"m\",\"aliases\":[\"m-alias\"],\"engine\":\"llama\","
                + "\"source\":\"/m.gguf\",\"state\":\"loaded\",\"served_by\":[\"h/0\"],"
                + "\"loaded_on\":[\"h/0\"],\"slots_max\":8,\"context_tokens\":null,"
                + "\"memory_bytes\":5368709120,\"loads\":1,\"last_load_ms\":12345,"
                + "\"last_unload_ms\":null,\"load_failures\":0,\"failure\":\"\"},")
        .endsWith("\"load_failures\":1,\"failure\":\"no such file\\nat all\"}]}");
  }

  @Test
  void a_quarantined_model_is_reset_and_the_others_stay_as_they_are() {
    register("m", "n");
    table().failed("m", "no such file", 1);
    table().failed("n", "no such file", 1);
    Answer answer = models("reset", "m-alias");
    assertThat(answer.status()).isEqualTo(Answer.DONE);
    assertThat(answer.text()).startsWith("m-alias: the quarantine is lifted");
    assertThat(JsonText.of(answer.data())).contains("\"state\":\"unserved\"");
    assertThat(table().quarantined()).containsOnlyKeys("n", "n-alias");
  }

  @Test
  void a_sound_model_is_not_reset() {
    register("m");
    Answer answer = models("reset", "m");
    assertThat(answer.status()).isEqualTo(Answer.FAILED);
    assertThat(answer.text()).isEqualTo("m is unserved: there is nothing to reset");
  }

  @ParameterizedTest
  @ValueSource(strings = {"reset", "m", "reset m n", "load m"})
  void what_cannot_be_meant_is_refused(String words) {
    register("m", "n");
    assertThatThrownBy(() -> models(words.split(" ", -1)))
        .isInstanceOf(Misused.class)
        .hasMessage("models what? models, or models reset NAME");
  }

  @Test
  void an_unknown_model_is_refused_with_those_that_there_are() {
    register("m", "n");
    assertThatThrownBy(() -> models("reset", "o"))
        .isInstanceOf(Misused.class)
        .hasMessage("there is no model o; there are: m, n");
  }

  private static Answer models(String... names) {
    return new ModelsCommand(
            table(),
            new WorkerHeartbeatTable(database.jdbc()),
            new Gate(Duration.ofMinutes(1)),
            new Paint(false),
            List.of(names))
        .run();
  }

  private static ModelTable table() {
    return new ModelTable(database.jdbc());
  }

  private static void register(String... names) {
    for (String name : names) {
      ModelDefinition definition =
          new ModelDefinition(
              name,
              List.of(name + "-alias"),
              ModelEngine.LLAMA,
              "/" + name + ".gguf",
              Optional.of(5L << 30),
              Optional.of(8),
              Optional.empty(),
              "digest");
      table().register(List.of(definition));
    }
  }
}
