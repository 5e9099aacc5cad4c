package dev.stoker.worker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

class ModelsSettingsTest {
  @TempDir Path directory;

  @Test
  void without_a_file_there_is_the_model_of_the_engine_that_is_set() {
    ModelsSettings settings = ModelsSettings.from(new Settings(Map.of()));

    assertThat(settings.models()).hasSize(1);
    assertThat(model(settings, 0).names()).containsExactly("all-minilm-l6-v2");
    assertThat(model(settings, 0).discovered()).isFalse();
  }

  @Test
  void a_file_names_models_with_any_setting_of_their_engines() throws IOException {
    ModelsSettings settings =
        read(
            """
            models:
              sentences:
                engine: onnx
                onnx_model: all-minilm-l6-v2-q
                onnx_threads: 1
                aliases: [text-embedding-3-small, ada]
                model_memory: 512MiB
              nothing:
                engine: "null"
            """);

    Model sentences = model(settings, 0);
    assertThat(sentences.names())
        .containsExactlyInAnyOrder("sentences", "text-embedding-3-small", "ada");
    assertThat(sentences.slotsMax()).as("256 and a batch of 32 for its thread").isEqualTo(288);
    assertThat(sentences.definition().memoryBytes()).contains(512L << 20);
    assertThat(sentences.definition().source()).contains("all-minilm-l6-v2-q");
    assertThat(model(settings, 1).names()).containsExactly("nothing");
  }

  @Test
  void what_a_model_does_not_set_is_as_for_all() throws IOException {
    Path file = write("models:\n  a:\n    engine: onnx\n  b:\n    onnx_slots: 7\n");
    ModelsSettings settings =
        ModelsSettings.from(
            new Settings(
                Map.of(
                    "STOKER_MODELS",
                    file.toString(),
                    "STOKER_ONNX_SLOTS",
                    "9",
                    "STOKER_MODEL_WAIT_MAX",
                    "3m")));

    assertThat(model(settings, 0).slotsMax()).isEqualTo(9);
    assertThat(model(settings, 1).slotsMax()).isEqualTo(7);
    assertThat(settings.waitMax()).isEqualTo(Duration.ofMinutes(3));
  }

  @Test
  void the_definition_of_a_model_changes_with_its_settings_only() throws IOException {
    String first = "models:\n  a:\n    engine: onnx\n";
    String other = "models:\n  a:\n    engine: onnx\n    onnx_threads: 3\n";

    assertThat(model(read(first), 0).definition().digest())
        .isEqualTo(model(read(first), 0).definition().digest())
        .isNotEqualTo(model(read(other), 0).definition().digest());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "models: [a, b]|has no models",
        "nothing: 1|has no models",
        "models: {a: 3}|model a has no settings",
        "models: {a: {engine: gpt}}|model a: STOKER_ENGINE=gpt is not one of",
        "models: {a: {engine: onnx, onnx_thread: 3}}|STOKER_ONNX_THREAD is no setting of the engine onnx",
        "models: {a: {engine: onnx, onnx_threads: many}}|model a: STOKER_ONNX_THREADS=many is not a whole number",
        "models: {a: {engine: onnx, aliases: b}}|aliases must be a list",
        "models: {a: {engine: onnx, aliases: [b]}, b: {engine: onnx}}|model b: the name is taken",
        "models: {a: {engine: [onnx]}}|engine must be a text or a number",
        "models: {a: {engine: onnx, model_memory: lots}}|STOKER_MODEL_MEMORY=lots is not a number of bytes",
        "'models: {a: {engine: onnx}, a: {engine: onnx}}'|is not YAML",
        "'models: {'|is not YAML"
      })
  void a_wrong_file_is_refused_with_what_is_wrong(String text, String message) throws IOException {
    Settings settings = new Settings(Map.of("STOKER_MODELS", write(text).toString()));
    ModelsSettings.from(settings);

    assertThatThrownBy(settings::verify).hasMessageContaining(message);
  }

  @Test
  void a_file_that_is_not_there_is_named() {
    Settings settings = new Settings(Map.of("STOKER_MODELS", "/nowhere/models.yaml"));
    ModelsSettings.from(settings);

    assertThatThrownBy(settings::verify)
        .hasMessageContaining("/nowhere/models.yaml cannot be read");
  }

  @Test
  void memory_is_read_with_its_unit() {
    assertThat(bytes("2GiB")).hasValue(2L << 30);
    assertThat(bytes("3KiB")).hasValue(3 << 10);
    assertThat(bytes("17")).hasValue(17);
    assertThat(bytes("")).isEmpty();
  }

  private static OptionalLong bytes(String text) {
    return new Settings(Map.of("K", text)).bytes("K", "");
  }

  private ModelsSettings read(String yaml) throws IOException {
    Settings settings = new Settings(Map.of("STOKER_MODELS", write(yaml).toString()));
    ModelsSettings read = ModelsSettings.from(settings);
    settings.verify();
    return read;
  }

  private Path write(String text) throws IOException {
    return Files.writeString(directory.resolve("models.yaml"), text);
  }

  private Model model(ModelsSettings settings, int number) {
    return settings
        .models()
        .get(number)
        .model(
            new EngineSurroundings(
                directory,
                () -> LoggerFactory.getLogger("server"),
                Duration.ofMinutes(1),
                System::nanoTime));
  }

  @Test
  void models_are_in_the_order_of_the_file() throws IOException {
    ModelsSettings settings = read("models:\n  z:\n    engine: onnx\n  a:\n    engine: onnx\n");
    assertThat(List.of(model(settings, 0).name(), model(settings, 1).name()))
        .containsExactly("z", "a");
  }
}
