package dev.stoker.worker.engine.onnx;

import dev.stoker.settings.Settings;
import java.util.List;

/**
 * How the ONNX engine runs.
 *
 * @param model the one model it serves
 * @param threads how many micro-batches run at once
 * @param batchTextsMax the texts in a micro-batch of short texts
 * @param batchTokensMax the tokens in a micro-batch, unless one text alone has more
 * @param textTokensMax what is left of a longer text, special tokens included
 * @param slots how many requests are worth having in flight
 */
public record OnnxSettings(
    String model,
    int threads,
    int batchTextsMax,
    int batchTokensMax,
    int textTokensMax,
    int slots) {

  static final List<String> MODELS = List.of("all-minilm-l6-v2", "all-minilm-l6-v2-q");

  public static OnnxSettings from(Settings settings) {
    int threads =
        settings.integer(
            "STOKER_ONNX_THREADS",
            0,
            0,
            1024,
            "Threads that compute embeddings; 0 takes one for each core");
    return new OnnxSettings(
        settings.oneOf(
            "STOKER_ONNX_MODEL",
            MODELS.getFirst(),
            MODELS,
            "The embedding model; -q is quantized: twice as fast, and its vectors vary by 0.01"),
        threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
        settings.integer(
            "STOKER_ONNX_BATCH_TEXTS_MAX",
            16,
            1,
            256,
            "Texts of one length that are computed together, if short"),
        settings.integer(
            "STOKER_ONNX_BATCH_TOKENS_MAX",
            256,
            1,
            65_536,
            "Tokens that are computed together; more do not fit into a core's cache"),
        settings.integer(
            "STOKER_ONNX_TOKENS_MAX",
            256,
            8,
            512,
            "Tokens of a text that are read; the model was made for 256"),
        settings.integer(
            "STOKER_ONNX_SLOTS",
            512,
            1,
            16_384,
            "Requests in flight in the ONNX engine; with many, batches of one length fill"));
  }

  /** How many texts of a length run together. */
  int batchTexts(int tokens) {
    return Math.clamp(batchTokensMax / tokens, 1, batchTextsMax);
  }
}
