package dev.stoker.worker.engine.llama;

import dev.stoker.settings.Settings;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How the llama engine runs.
 *
 * @param file the model's GGUF file
 * @param model the name under which it is served
 * @param threads how many compute one batch
 * @param contextTokens how many tokens a prompt and its answer may have together
 * @param slots how many sequences are computed side by side
 * @param embeddings whether it answers with vectors or with text
 */
public record LlamaSettings(
    Path file, String model, int threads, int contextTokens, int slots, Embeddings embeddings) {

  /** How the vectors of a text's tokens become one. */
  public enum Embeddings {
    /** Not at all: the model writes text. */
    NO,
    /** As the file says. */
    MODEL,
    /** Their mean. */
    MEAN,
    /** The first. */
    CLS,
    /** The last. */
    LAST
  }

  private static final String SUFFIX = ".gguf";

  /** Empty if no file is named. */
  public static Optional<LlamaSettings> from(Settings settings) {
    Optional<Path> file =
        settings
            .optional("STOKER_LLAMA_FILE", "The GGUF file with the model of the llama engine")
            .map(Path::of);
    Optional<String> model =
        settings.optional(
            "STOKER_LLAMA_MODEL", "The name of that model; by default the file's without .gguf");
    int threads =
        settings.integer(
            "STOKER_LLAMA_THREADS",
            0,
            0,
            1024,
            "Threads that compute in the llama engine; 0 takes one for each core");
    int contextTokens =
        settings.integer(
            "STOKER_LLAMA_CONTEXT_TOKENS",
            4096,
            16,
            1_048_576,
            "Tokens that a prompt and its answer may have together; never more than the model was made for");
    int slots =
        settings.integer(
            "STOKER_LLAMA_SLOTS",
            4,
            1,
            256,
            "Requests that the llama engine computes side by side; each takes memory for its context");
    Embeddings embeddings =
        Embeddings.valueOf(
            settings
                .oneOf(
                    "STOKER_LLAMA_EMBEDDINGS",
                    "no",
                    List.of("no", "model", "mean", "cls", "last"),
                    "Serve vectors instead of text, pooled as the model's file says, or in the way named")
                .toUpperCase(Locale.ROOT));
    return file.map(
        path ->
            new LlamaSettings(
                path.toAbsolutePath().normalize(),
                model.orElseGet(() -> name(path)),
                threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
                contextTokens,
                slots,
                embeddings));
  }

  boolean answersWithVectors() {
    return embeddings != Embeddings.NO;
  }

  private static String name(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
  }
}
