package dev.stoker.worker.engine.onnx;

import dev.stoker.settings.Settings;
import java.nio.file.Path;

/**
 * How the ONNX engine runs.
 *
 * @param model the one model it serves, and where that runs
 * @param threads how many micro-batches run at once
 * @param batchTextsMax the texts in a micro-batch of short texts
 * @param batchTokensMax the tokens in a micro-batch, unless one text alone has more
 * @param textTokensMax what is left of a longer text, special tokens included
 * @param slots how many requests are worth having in flight
 */
public record OnnxSettings(
    ModelSettings model,
    int threads,
    int batchTextsMax,
    int batchTokensMax,
    int textTokensMax,
    int slots) {

  /**
   * With so many texts to choose from, batches of one length are as full as with four times as
   * many, to within a hundredth of the throughput; more would only wait.
   */
  private static final int WAITING_WORTH_HAVING = 256;

  public static OnnxSettings from(Settings settings) {
    int threads =
        settings.integer(
            "STOKER_ONNX_THREADS",
            0,
            0,
            1024,
            "Threads that compute embeddings; 0 takes one for each core");
    int batchTextsMax =
        settings.integer(
            "STOKER_ONNX_BATCH_TEXTS_MAX",
            32,
            1,
            256,
            "Texts of one length that are computed together, if short; a GPU wants 64");
    int slots =
        settings.integer(
            "STOKER_ONNX_SLOTS",
            0,
            0,
            65_536,
            "Requests in flight in the ONNX engine; 0 takes 256 and a batch for each thread");
    int threadsOrCores = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    return new OnnxSettings(
        ModelSettings.from(settings),
        threadsOrCores,
        batchTextsMax,
        settings.integer(
            "STOKER_ONNX_BATCH_TOKENS_MAX",
            512,
            1,
            65_536,
            "Tokens that are computed together; more gain little on a CPU; a GPU wants 16384"),
        settings.integer(
            "STOKER_ONNX_TOKENS_MAX",
            256,
            8,
            8192,
            "Tokens of a text that are read; all-minilm-l6-v2 was made for 256"),
        slots == 0 ? WAITING_WORTH_HAVING + threadsOrCores * batchTextsMax : slots);
  }

  /** What the model is called. */
  public String modelName() {
    return model.name();
  }

  /** Where its weights are, for people. */
  public String source() {
    return model.file().map(Path::toString).orElse("comes with Stoker: " + model.name());
  }

  /** How many texts of a length run together. */
  int batchTexts(int tokens) {
    return Math.clamp(batchTokensMax / tokens, 1, batchTextsMax);
  }
}
