package dev.stoker.worker.engine.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenAiSettingsTest {
  private static final String URL = "http://127.0.0.1:8000";

  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:8000, http://127.0.0.1:8000",
    "http://127.0.0.1:8000/, http://127.0.0.1:8000",
    "http://127.0.0.1:8000/v1, http://127.0.0.1:8000",
    "https://a.example.com/llm/v1/, https://a.example.com/llm"
  })
  void a_url_may_end_in_v1_or_not(String text, URI url) {
    assertThat(read(Map.of("STOKER_ENGINE_URL", text)).url()).contains(url);
  }

  @ParameterizedTest
  @CsvSource({
    "STOKER_ENGINE_URL, 127.0.0.1:8000, STOKER_ENGINE_URL is not a url",
    "STOKER_ENGINE_URL, http://me:secret@host, STOKER_ENGINE_URL is not a url",
    "STOKER_ENGINE_COMMAND, vllm serve, STOKER_ENGINE_COMMAND has no {port}",
    "STOKER_ENGINE_COMMAND, vllm {model} {port}, STOKER_ENGINE_COMMAND has {model}",
    "STOKER_ENGINE_COMMAND, vllm {port} ', has a quote that does not end",
    "STOKER_ENGINE_SERVED_AS, other, STOKER_ENGINE_SERVED_AS needs STOKER_ENGINE_MODELS",
    "STOKER_ENGINE_HEADERS, X-Tenant, STOKER_ENGINE_HEADERS or STOKER_ENGINE_KEY cannot be sent",
    "STOKER_ENGINE_KEY_FILE, /no/such/file, STOKER_ENGINE_KEY_FILE=/no/such/file cannot be read",
    "STOKER_ENGINE_CA_FILE, /no/such/file, STOKER_ENGINE_CA_FILE=/no/such/file cannot be used",
    "STOKER_ENGINE_SLOTS_MAX, 0, STOKER_ENGINE_SLOTS_MAX=0"
  })
  void what_is_wrong_is_refused_and_named(String key, String value, String problem) {
    assertThatThrownBy(() -> read(Map.of(key, value)))
        .isInstanceOf(InvalidSettings.class)
        .hasMessageContaining(problem)
        .hasMessageNotContaining("secret");
  }

  @Test
  void an_engine_is_either_there_or_started() {
    assertThatThrownBy(
            () -> read(Map.of("STOKER_ENGINE_URL", URL, "STOKER_ENGINE_COMMAND", "vllm {port}")))
        .hasMessageContaining("both set");
    Settings nothing = new Settings(Map.of());
    OpenAiSettings.from(nothing).require(nothing);
    assertThatThrownBy(nothing::verify).hasMessageContaining("STOKER_ENGINE_URL");
  }

  @Test
  void a_server_gets_what_its_command_names() {
    Map<String, String> environment = new HashMap<>();
    environment.put("STOKER_ENGINE_COMMAND", "vllm serve {model} --port {port} -tp {gpus} {extra}");
    environment.put("STOKER_ENGINE_MODELS", "small, big");
    environment.put("STOKER_ENGINE_GPUS", "4");
    environment.put("STOKER_ENGINE_EXTRA", "--seed 'a b'");
    environment.put("STOKER_ENGINE_START_TIMEOUT", "1h");

    ServerSettings server = read(environment).server().orElseThrow();

    assertThat(server.command().words(99))
        .containsExactly("vllm", "serve", "small", "--port", "99", "-tp", "4", "--seed", "a b");
    assertThat(server.startTimeout()).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void secrets_come_from_the_environment_or_a_file_and_are_never_printed(@TempDir Path directory)
      throws IOException {
    Path file = Files.writeString(directory.resolve("key"), "hunter2\n");

    OpenAiSettings settings =
        read(
            Map.of(
                "STOKER_ENGINE_KEY_FILE",
                file.toString(),
                "STOKER_ENGINE_HEADERS",
                "X-Tenant: hunter3 | X-Tier: low"));

    assertThat(settings.headers())
        .isEqualTo(
            List.of(
                new Header("X-Tenant", "hunter3"),
                new Header("X-Tier", "low"),
                Header.bearer("hunter2")));
    assertThat(settings.toString()).doesNotContain("hunter");
  }

  private static OpenAiSettings read(Map<String, String> environment) {
    Settings settings = new Settings(environment);
    OpenAiSettings read = OpenAiSettings.from(settings);
    settings.verify();
    return read;
  }
}
