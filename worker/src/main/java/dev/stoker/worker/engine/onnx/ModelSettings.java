package dev.stoker.worker.engine.onnx;

import static java.util.Locale.ROOT;

import dev.stoker.settings.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Which model runs, and where.
 *
 * @param name the name that requests give
 * @param file the model, its tokenizer.json beside it; empty for one that comes with Stoker
 * @param libraries a directory with another build of ONNX Runtime
 */
record ModelSettings(
    String name, Optional<Path> file, Pooling pooling, Device device, Optional<Path> libraries) {

  /** Those that come with Stoker. */
  static final List<String> INCLUDED = List.of("all-minilm-l6-v2", "all-minilm-l6-v2-q");

  static final String TOKENIZER_FILE = "tokenizer.json";

  static ModelSettings from(Settings settings) {
    String name =
        settings.text(
            "STOKER_ONNX_MODEL",
            INCLUDED.getFirst(),
            "The embedding model; all-minilm-l6-v2-q is quantized: twice as fast, and its vectors vary"
                + " by 0.01. With STOKER_ONNX_FILE the name under which that is served");
    Optional<Path> file =
        settings
            .optional(
                "STOKER_ONNX_FILE",
                "Another embedding model: its .onnx file, the tokenizer.json beside it")
            .map(Path::of);
    ModelSettings read =
        new ModelSettings(
            name,
            file,
            oneOf(
                settings,
                "STOKER_ONNX_POOLING",
                Pooling.values(),
                "How the vectors of a text's tokens become one, by the card of the model in"
                    + " STOKER_ONNX_FILE"),
            oneOf(
                settings,
                "STOKER_ONNX_DEVICE",
                Device.values(),
                "Where embeddings are computed; auto takes a GPU if STOKER_ONNX_LIBRARIES can use one"),
            settings
                .optional(
                    "STOKER_ONNX_LIBRARIES",
                    "A directory with the libraries of ONNX Runtime for CUDA, see below")
                .map(Path::of));
    read.require(settings);
    return read;
  }

  private void require(Settings settings) {
    boolean included = INCLUDED.contains(name);
    settings.require(
        included || file.isPresent(),
        "STOKER_ONNX_MODEL=%s is not one of %s; any other needs STOKER_ONNX_FILE"
            .formatted(name, String.join(", ", INCLUDED)));
    settings.require(
        !included || file.isEmpty(),
        "STOKER_ONNX_FILE needs a name in STOKER_ONNX_MODEL that is not one of "
            + String.join(", ", INCLUDED));
    settings.require(
        file.isPresent() || pooling == Pooling.MEAN,
        "STOKER_ONNX_POOLING is for the model in STOKER_ONNX_FILE, and there is none");
    file.ifPresent(
        model -> {
          requireFile(settings, model);
          requireFile(settings, model.resolveSibling(TOKENIZER_FILE));
        });
    libraries.ifPresent(
        directory ->
            settings.require(
                Files.isDirectory(directory),
                "STOKER_ONNX_LIBRARIES=" + directory + " is no directory"));
  }

  private static void requireFile(Settings settings, Path file) {
    settings.require(
        Files.isReadable(file), "STOKER_ONNX_FILE: " + file + " is missing or cannot be read");
  }

  private static <E extends Enum<E>> E oneOf(
      Settings settings, String key, E[] values, String meaning) {
    List<String> allowed =
        Arrays.stream(values).map(value -> value.name().toLowerCase(ROOT)).toList();
    return values[allowed.indexOf(settings.oneOf(key, allowed.getFirst(), allowed, meaning))];
  }
}
