package dev.stoker.worker.engine.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import dev.stoker.worker.engine.llama.LlamaSettings.Embeddings;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class LlamaSettingsTest {

  @Test
  void without_a_file_there_is_nothing_to_run() {
    assertThat(LlamaSettings.from(new Settings(Map.of("STOKER_LLAMA_MODEL", "m")))).isEmpty();
  }

  @Test
  void a_file_is_enough() {
    int cores = Runtime.getRuntime().availableProcessors();

    assertThat(LlamaSettings.from(new Settings(Map.of("STOKER_LLAMA_FILE", "/m/qwen-q4.gguf"))))
        .contains(
            new LlamaSettings(
                Path.of("/m/qwen-q4.gguf"), "qwen-q4", cores, 4096, 4, Embeddings.NO));
  }

  @Test
  void every_key_is_read() {
    var environment =
        Map.of(
            "STOKER_LLAMA_FILE", "weights",
            "STOKER_LLAMA_MODEL", "my-model",
            "STOKER_LLAMA_THREADS", "3",
            "STOKER_LLAMA_CONTEXT_TOKENS", "8192",
            "STOKER_LLAMA_SLOTS", "16",
            "STOKER_LLAMA_EMBEDDINGS", "cls");

    assertThat(LlamaSettings.from(new Settings(environment)))
        .contains(
            new LlamaSettings(
                Path.of("weights").toAbsolutePath(), "my-model", 3, 8192, 16, Embeddings.CLS));
  }

  @Test
  void a_way_of_pooling_that_there_is_not_is_refused() {
    var settings =
        new Settings(Map.of("STOKER_LLAMA_FILE", "m", "STOKER_LLAMA_EMBEDDINGS", "median"));
    LlamaSettings.from(settings);

    assertThatThrownBy(settings::verify)
        .isInstanceOf(InvalidSettings.class)
        .hasMessageContaining("STOKER_LLAMA_EMBEDDINGS=median");
  }
}
