package dev.stoker.worker.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class OnnxSettingsTest {

  @Test
  void nothing_set_gives_the_fp32_model_on_every_core() {
    int cores = Runtime.getRuntime().availableProcessors();

    assertThat(OnnxSettings.from(new Settings(Map.of())))
        .isEqualTo(new OnnxSettings("all-minilm-l6-v2", cores, 16, 256, 256, 256 + 16 * cores));
  }

  @Test
  void every_key_is_read() {
    var environment =
        Map.of(
            "STOKER_ONNX_MODEL", "all-minilm-l6-v2-q",
            "STOKER_ONNX_THREADS", "3",
            "STOKER_ONNX_BATCH_TEXTS_MAX", "8",
            "STOKER_ONNX_BATCH_TOKENS_MAX", "128",
            "STOKER_ONNX_TOKENS_MAX", "512",
            "STOKER_ONNX_SLOTS", "64");

    assertThat(OnnxSettings.from(new Settings(environment)))
        .isEqualTo(new OnnxSettings("all-minilm-l6-v2-q", 3, 8, 128, 512, 64));
  }

  @Test
  void a_model_that_is_not_there_is_refused() {
    var settings = new Settings(Map.of("STOKER_ONNX_MODEL", "gpt-5"));
    OnnxSettings.from(settings);

    assertThatThrownBy(settings::verify)
        .isInstanceOf(InvalidSettings.class)
        .hasMessageContaining("STOKER_ONNX_MODEL=gpt-5");
  }

  @Test
  void batches_have_few_texts_if_the_texts_are_long_and_one_at_least() {
    var settings = new OnnxSettings("all-minilm-l6-v2", 2, 16, 256, 512, 64);

    assertThat(settings.batchTexts(1)).isEqualTo(16);
    assertThat(settings.batchTexts(16)).isEqualTo(16);
    assertThat(settings.batchTexts(17)).isEqualTo(15);
    assertThat(settings.batchTexts(129)).isEqualTo(1);
    assertThat(settings.batchTexts(512)).isEqualTo(1);
  }
}
