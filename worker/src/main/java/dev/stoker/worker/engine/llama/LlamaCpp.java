package dev.stoker.worker.engine.llama;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * llama.cpp's C interface, of the build b4916 that is in the jar {@code de.kherud:llama:4.2.0}; the
 * layouts are those of its {@code llama.h}. C's bool is a byte here. Loading this class loads the
 * library, once for the life of the process.
 */
final class LlamaCpp {
  private static final Logger log = LoggerFactory.getLogger(LlamaCpp.class);

  /** Without RTLD_GLOBAL: nothing else in the process is to be bound to its functions. */
  private static final int RTLD_LAZY = 1;

  private static final int LEVEL_WARN = 3;
  private static final int LEVEL_ERROR = 4;

  /** Held for as long as the library may call it. */
  private static final LogSink LOG_SINK = LlamaCpp::log;

  private static volatile String lastError = "";

  static {
    Native.register(LlamaCpp.class, library());
    llama_log_set(LOG_SINK, Pointer.NULL);
    llama_backend_init();
  }

  private LlamaCpp() {}

  /** {@code ggml_log_callback}. */
  @FunctionalInterface
  interface LogSink extends Callback {
    void take(int level, Pointer text, Pointer data);
  }

  /** {@code llama_progress_callback}: 0 ends the loading. */
  @FunctionalInterface
  interface Progress extends Callback {
    byte reached(float share, Pointer data);
  }

  /** {@code llama_model_params}. */
  @Structure.FieldOrder({
    "devices",
    "gpuLayers",
    "splitMode",
    "mainGpu",
    "tensorSplit",
    "progress",
    "progressData",
    "overrides",
    "vocabularyOnly",
    "useMmap",
    "useMlock",
    "checkTensors"
  })
  public static final class ModelParameters extends Structure implements Structure.ByValue {
    public Pointer devices;
    public int gpuLayers;
    public int splitMode;
    public int mainGpu;
    public Pointer tensorSplit;
    public Progress progress;
    public Pointer progressData;
    public Pointer overrides;
    public byte vocabularyOnly;
    public byte useMmap;
    public byte useMlock;
    public byte checkTensors;
  }

  /** {@code llama_context_params}. */
  @Structure.FieldOrder({
    "cells",
    "batchTokens",
    "microBatchTokens",
    "sequences",
    "threads",
    "threadsForBatches",
    "ropeScaling",
    "pooling",
    "attention",
    "ropeFrequencyBase",
    "ropeFrequencyScale",
    "yarnExtension",
    "yarnAttention",
    "yarnBetaFast",
    "yarnBetaSlow",
    "yarnOriginalContext",
    "defragmentAt",
    "evaluation",
    "evaluationData",
    "keyType",
    "valueType",
    "allLogits",
    "embeddings",
    "offload",
    "flashAttention",
    "noTimings",
    "abort",
    "abortData"
  })
  public static final class ContextParameters extends Structure implements Structure.ByValue {
    public int cells;
    public int batchTokens;
    public int microBatchTokens;
    public int sequences;
    public int threads;
    public int threadsForBatches;
    public int ropeScaling;
    public int pooling;
    public int attention;
    public float ropeFrequencyBase;
    public float ropeFrequencyScale;
    public float yarnExtension;
    public float yarnAttention;
    public float yarnBetaFast;
    public float yarnBetaSlow;
    public int yarnOriginalContext;
    public float defragmentAt;
    public Pointer evaluation;
    public Pointer evaluationData;
    public int keyType;
    public int valueType;
    public byte allLogits;
    public byte embeddings;
    public byte offload;
    public byte flashAttention;
    public byte noTimings;
    public Pointer abort;
    public Pointer abortData;
  }

  /** {@code llama_batch}. */
  @Structure.FieldOrder({
    "count",
    "tokens",
    "embeddings",
    "positions",
    "sequenceCounts",
    "sequences",
    "outputs"
  })
  public static final class BatchView extends Structure implements Structure.ByValue {
    public int count;
    public Pointer tokens;
    public Pointer embeddings;
    public Pointer positions;
    public Pointer sequenceCounts;
    public Pointer sequences;
    public Pointer outputs;
  }

  /** {@code llama_sampler_chain_params}. */
  @Structure.FieldOrder("noTimings")
  public static final class ChainParameters extends Structure implements Structure.ByValue {
    public byte noTimings;
  }

  static native void llama_log_set(LogSink sink, Pointer data);

  static native void llama_backend_init();

  static native ModelParameters llama_model_default_params();

  static native ContextParameters llama_context_default_params();

  static native Pointer llama_model_load_from_file(String file, ModelParameters parameters);

  static native void llama_model_free(Pointer model);

  static native Pointer llama_init_from_model(Pointer model, ContextParameters parameters);

  static native void llama_free(Pointer context);

  static native Pointer llama_model_get_vocab(Pointer model);

  static native Pointer llama_model_chat_template(Pointer model, Pointer name);

  static native int llama_model_n_ctx_train(Pointer model);

  static native int llama_model_n_embd(Pointer model);

  static native byte llama_model_has_decoder(Pointer model);

  static native byte llama_model_has_encoder(Pointer model);

  static native int llama_model_meta_val_str(Pointer model, String key, byte[] value, long bytes);

  static native int llama_vocab_type(Pointer vocabulary);

  static native int llama_vocab_n_tokens(Pointer vocabulary);

  static native int llama_vocab_eos(Pointer vocabulary);

  static native byte llama_vocab_is_eog(Pointer vocabulary, int token);

  static native int llama_tokenize(
      Pointer vocabulary,
      byte[] text,
      int textBytes,
      int[] tokens,
      int tokensMax,
      byte addSpecial,
      byte parseSpecial);

  static native int llama_token_to_piece(
      Pointer vocabulary, int token, byte[] piece, int bytesMax, int leftStrip, byte special);

  static native int llama_chat_apply_template(
      byte[] template, Pointer messages, long count, byte addAssistant, byte[] text, int bytesMax);

  static native int llama_decode(Pointer context, BatchView batch);

  static native Pointer llama_get_logits_ith(Pointer context, int index);

  static native Pointer llama_get_embeddings_ith(Pointer context, int index);

  static native byte llama_kv_self_seq_rm(Pointer context, int sequence, int from, int until);

  static native Pointer llama_sampler_chain_init(ChainParameters parameters);

  static native void llama_sampler_chain_add(Pointer chain, Pointer sampler);

  static native Pointer llama_sampler_init_logit_bias(int tokens, int count, Pointer biases);

  static native Pointer llama_sampler_init_penalties(
      int lastTokens, float repeat, float frequency, float presence);

  static native Pointer llama_sampler_init_top_k(int k);

  static native Pointer llama_sampler_init_top_p(float p, long atLeast);

  static native Pointer llama_sampler_init_min_p(float p, long atLeast);

  static native Pointer llama_sampler_init_temp(float temperature);

  static native Pointer llama_sampler_init_dist(int seed);

  static native Pointer llama_sampler_init_greedy();

  static native Pointer llama_sampler_init_grammar(
      Pointer vocabulary, String grammar, String rootRule);

  static native void llama_sampler_apply(Pointer sampler, Pointer candidates);

  static native void llama_sampler_accept(Pointer sampler, int token);

  static native void llama_sampler_free(Pointer sampler);

  static byte bool(boolean value) {
    return (byte) (value ? 1 : 0);
  }

  /** What the library complained of last; what it says on a failure is only in its log. */
  static String lastError() {
    return lastError;
  }

  private static void log(int level, Pointer text, Pointer data) {
    String line = text.getString(0, "UTF-8").strip();
    if (level == LEVEL_ERROR) {
      lastError = line;
      log.warn("{}", line);
    } else if (level == LEVEL_WARN) {
      log.info("{}", line);
    } else {
      log.debug("{}", line);
    }
  }

  /** Its file is gone as soon as it is loaded. */
  private static NativeLibrary library() {
    String resource =
        "/de/kherud/llama/%s/%s/%s"
            .formatted(
                Platform.isMac() ? "Mac" : "Linux",
                Platform.isARM() ? "aarch64" : "x86_64",
                System.mapLibraryName("jllama"));
    try (InputStream content = LlamaCpp.class.getResourceAsStream(resource)) {
      if (content == null) {
        throw new UnsatisfiedLinkError("llama.cpp is not there for this machine: " + resource);
      }
      Path file = Files.createTempFile("llama-cpp-", ".so");
      try {
        Files.copy(content, file, StandardCopyOption.REPLACE_EXISTING);
        return NativeLibrary.getInstance(
            file.toString(),
            Map.of(Library.OPTION_STRING_ENCODING, "UTF-8", Library.OPTION_OPEN_FLAGS, RTLD_LAZY));
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
