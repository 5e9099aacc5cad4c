package dev.stoker.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.WorkerStatus;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelTableTest {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final ModelDefinition M =
      new ModelDefinition(
          "m",
          List.of("m-latest", "default"),
          ModelEngine.LLAMA,
          "/models/m.gguf",
          Optional.of(5L << 30),
          Optional.of(8),
          Optional.of(4096),
          "digest-1");

  private final Rows rows = new Rows(database);
  private ModelTable models;

  @BeforeEach
  void open() {
    models = new ModelTable(database.jdbc());
    models.register(List.of(M));
  }

  @Test
  void a_registered_model_is_read_as_it_was_described() {
    ModelDefinition bare = bare("bare");
    models.register(List.of(bare));
    assertThat(models.all()).extracting(RegisteredModel::definition).containsExactly(bare, M);
    RegisteredModel model = model();
    assertThat(model.loadFailures()).isZero();
    assertThat(model.failure()).isEmpty();
    assertThat(model.quarantined()).isFalse();
    assertThat(model.loads()).isZero();
    assertThat(model.lastLoad()).isEmpty();
    assertThat(model.lastUnload()).isEmpty();
  }

  @Test
  void a_model_is_described_anew_by_each_start_and_keeps_what_became_of_it() {
    models.loaded("m", Duration.ofMillis(1234));
    models.unloaded("m", Duration.ofMillis(56));
    models.failed("m", "no memory", 3);
    RegisteredModel before = model();
    ModelDefinition moved =
        new ModelDefinition(
            "m",
            List.of("other"),
            ModelEngine.OPENAI,
            "http://engine",
            Optional.empty(),
            Optional.of(2),
            Optional.empty(),
            M.digest());
    models.register(List.of(moved));
    assertThat(model())
        .isEqualTo(
            new RegisteredModel(
                moved,
                1,
                "no memory",
                false,
                1,
                Optional.of(Duration.ofMillis(1234)),
                Optional.of(Duration.ofMillis(56)),
                before.createdAt()));
  }

  @Test
  void the_third_failure_in_a_row_quarantines_with_the_newest_reason() {
    assertThat(models.failed("m", "first", 3)).isEqualTo(new LoadFailure(1, false));
    assertThat(models.failed("m", "second", 3)).isEqualTo(new LoadFailure(2, false));
    assertThat(models.quarantined()).isEmpty();
    assertThat(models.failed("m", "third", 3)).isEqualTo(new LoadFailure(3, true));
    assertThat(model().quarantined()).isTrue();
    assertThat(models.quarantined())
        .isEqualTo(Map.of("m", "third", "m-latest", "third", "default", "third"));
    assertThat(models.failed("m", "fourth", 99)).as("it stays").isEqualTo(new LoadFailure(4, true));
  }

  @Test
  void failures_that_are_not_in_a_row_do_not_add_up() {
    models.failed("m", "first", 3);
    models.failed("m", "second", 3);
    models.loaded("m", Duration.ofSeconds(1));
    assertThat(model().failure()).isEmpty();
    assertThat(models.failed("m", "third", 3)).isEqualTo(new LoadFailure(1, false));
  }

  @Test
  void a_worker_that_has_loaded_it_after_all_ends_the_quarantine() {
    quarantine();
    models.loaded("m", Duration.ofSeconds(2));
    assertThat(models.quarantined()).isEmpty();
    assertThat(model().loads()).isEqualTo(1);
    assertThat(model().lastLoad()).contains(Duration.ofSeconds(2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"m", "m-latest"})
  void a_model_that_some_worker_has_loaded_is_not_quarantined_for_another(String loaded) {
    rows.heartbeat("host/0", WorkerStatus.READY, Duration.ZERO);
    loadedModel(loaded);
    assertThat(models.failed("m", "no room here", 1)).isEqualTo(new LoadFailure(1, false));
    loadedModel("");
    assertThat(models.failed("m", "no room here", 1)).isEqualTo(new LoadFailure(2, true));
  }

  @Test
  void a_worker_that_is_gone_or_not_ready_saves_no_model() {
    rows.heartbeat("host/0", WorkerStatus.READY, Duration.ofMinutes(5));
    rows.heartbeat("host/1", WorkerStatus.STARTING, Duration.ZERO);
    loadedModel("m");
    assertThat(models.failed("m", "no room", 1)).isEqualTo(new LoadFailure(1, true));
  }

  @Test
  void another_configuration_means_another_try() {
    quarantine();
    models.register(List.of(M));
    assertThat(models.quarantined()).as("the same configuration").isNotEmpty();
    models.register(List.of(with("digest-2")));
    assertThat(models.quarantined()).isEmpty();
    assertThat(model().loadFailures()).isZero();
    assertThat(model().failure()).isEmpty();
    assertThat(models.failed("m", "again", 3)).isEqualTo(new LoadFailure(1, false));
  }

  @Test
  void a_person_lifts_a_quarantine_and_nothing_else() {
    models.failed("m", "first", 3);
    assertThat(models.reset("m")).as("it is not quarantined").isFalse();
    assertThat(model().loadFailures()).isEqualTo(1);
    quarantine();
    assertThat(models.reset("unknown")).isFalse();
    assertThat(models.reset("m")).isTrue();
    quarantine();
    assertThat(models.reset("default")).as("by an alias").isTrue();
    assertThat(models.quarantined()).isEmpty();
    assertThat(model().loadFailures()).isZero();
  }

  @Test
  void a_name_that_a_sound_model_answers_to_is_not_quarantined() {
    quarantine();
    models.register(List.of(bare("default")));
    assertThat(models.quarantined()).containsOnlyKeys("m", "m-latest");
  }

  @Test
  void a_reason_is_stored_whatever_it_holds_and_however_long_it_is() {
    models.failed("m", " \0 ", 9);
    assertThat(model().failure()).isEqualTo("no reason was given");
    models.failed("m", "bad\0file", 9);
    assertThat(model().failure()).isEqualTo("bad file");
    models.failed("m", "\uD83D\uDD25".repeat(5000), 9);
    assertThat(model().failure()).isEqualTo("\uD83D\uDD25".repeat(1000) + " …");
  }

  private void quarantine() {
    models.failed("m", "broken", 1);
    assertThat(model().quarantined()).isTrue();
  }

  private RegisteredModel model() {
    return models.all().stream()
        .filter(model -> model.definition().name().equals("m"))
        .findFirst()
        .orElseThrow();
  }

  private static ModelDefinition bare(String name) {
    return new ModelDefinition(
        name,
        List.of(),
        ModelEngine.ONNX,
        "jar",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        "digest");
  }

  private static ModelDefinition with(String digest) {
    return new ModelDefinition(
        M.name(),
        M.aliases(),
        M.engine(),
        M.source(),
        M.memoryBytes(),
        M.slotsMax(),
        M.contextTokens(),
        digest);
  }

  private static void loadedModel(String model) {
    database.jdbc().sql("UPDATE worker_heartbeat SET loaded_model = ?").param(model).update();
  }
}
