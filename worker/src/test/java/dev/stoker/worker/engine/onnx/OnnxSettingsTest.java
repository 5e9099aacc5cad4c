package dev.stoker.worker.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class OnnxSettingsTest {

  private static final ModelSettings INCLUDED =
      new ModelSettings(
          "all-minilm-l6-v2", Optional.empty(), Pooling.MEAN, Device.AUTO, Optional.empty());

  @TempDir private Path directory;

  @Test
  void nothing_set_gives_the_fp32_model_on_every_core() {
    int cores = Runtime.getRuntime().availableProcessors();

    assertThat(OnnxSettings.from(new Settings(Map.of())))
        .isEqualTo(new OnnxSettings(INCLUDED, cores, 32, 512, 256, 256 + 32 * cores));
  }

  @Test
  void every_key_is_read() throws Exception {
    Path model = modelFile();
    Files.writeString(directory.resolve("tokenizer.json"), "");
    var settings =
        new Settings(
            Map.of(
                "STOKER_ONNX_MODEL", "bge-small",
                "STOKER_ONNX_FILE", model.toString(),
                "STOKER_ONNX_POOLING", "cls",
                "STOKER_ONNX_DEVICE", "cuda",
                "STOKER_ONNX_LIBRARIES", directory.toString(),
                "STOKER_ONNX_THREADS", "3",
                "STOKER_ONNX_BATCH_TEXTS_MAX", "8",
                "STOKER_ONNX_BATCH_TOKENS_MAX", "128",
                "STOKER_ONNX_TOKENS_MAX", "512",
                "STOKER_ONNX_SLOTS", "64"));

    assertThat(OnnxSettings.from(settings))
        .isEqualTo(
            new OnnxSettings(
                new ModelSettings(
                    "bge-small",
                    Optional.of(model),
                    Pooling.CLS,
                    Device.CUDA,
                    Optional.of(directory)),
                3,
                8,
                128,
                512,
                64));
    settings.verify();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "STOKER_ONNX_MODEL=gpt-5                         | STOKER_ONNX_MODEL=gpt-5 is not one of",
        "STOKER_ONNX_FILE=model.onnx                     | STOKER_ONNX_FILE needs a name",
        "STOKER_ONNX_FILE=gone.onnx STOKER_ONNX_MODEL=a  | gone.onnx is missing",
        "STOKER_ONNX_FILE=model.onnx STOKER_ONNX_MODEL=a | tokenizer.json is missing",
        "STOKER_ONNX_POOLING=cls                         | STOKER_ONNX_POOLING is for the model in",
        "STOKER_ONNX_POOLING=max                         | STOKER_ONNX_POOLING=max is not one of",
        "STOKER_ONNX_DEVICE=tpu                          | STOKER_ONNX_DEVICE=tpu is not one of",
        "STOKER_ONNX_LIBRARIES=model.onnx                | model.onnx is no directory",
      })
  void what_cannot_be_is_refused(String environment, String problem) throws Exception {
    modelFile();
    var settings =
        new Settings(
            Arrays.stream(environment.split(" ", -1))
                .map(entry -> entry.replaceFirst("=(\\w+\\.onnx)", "=" + directory + "/$1"))
                .map(entry -> entry.split("=", 2))
                .collect(Collectors.toMap(entry -> entry[0], entry -> entry[1])));
    OnnxSettings.from(settings);

    assertThatThrownBy(settings::verify)
        .isInstanceOf(InvalidSettings.class)
        .hasMessageContaining(problem);
  }

  private Path modelFile() throws IOException {
    return Files.writeString(directory.resolve("model.onnx"), "");
  }

  @Test
  void batches_have_few_texts_if_the_texts_are_long_and_one_at_least() {
    var settings = new OnnxSettings(INCLUDED, 2, 16, 256, 512, 64);

    assertThat(settings.batchTexts(1)).isEqualTo(16);
    assertThat(settings.batchTexts(16)).isEqualTo(16);
    assertThat(settings.batchTexts(17)).isEqualTo(15);
    assertThat(settings.batchTexts(129)).isEqualTo(1);
    assertThat(settings.batchTexts(512)).isEqualTo(1);
  }
}
