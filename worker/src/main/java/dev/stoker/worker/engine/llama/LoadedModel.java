package dev.stoker.worker.engine.llama;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;

/**
 * A model's weights in memory, and the context in which its sequences are computed. For one thread
 * at a time.
 */
final class LoadedModel implements AutoCloseable {
  /** One turn of a conversation. */
  record Message(String role, String content) {}

  /** How many tokens of prompts are computed at once. */
  private static final int BATCH_TOKENS = 512;

  /** A cache with more holes than this share is defragmented; as llama.cpp's own server has it. */
  private static final float DEFRAGMENT_AT = 0.1f;

  private static final int POOLING_NONE = 0;
  private static final int VOCABULARY_NONE = 0;

  /** Longer than any fact that is asked for. */
  private static final int FACT_BYTES = 256;

  /** Longer than the text of any token that vocabularies have. */
  private static final int PIECE_BYTES = 256;

  private final Pointer model;
  private final Pointer context;
  private final Pointer vocabulary;
  private final int vocabularySize;
  private final int contextTokens;
  private final int batchTokens;
  private final byte[] piece = new byte[PIECE_BYTES];
  private final Optional<byte[]> template;

  private LoadedModel(Pointer model, Pointer context, int contextTokens, int batchTokens) {
    this.model = model;
    this.context = context;
    this.contextTokens = contextTokens;
    this.batchTokens = batchTokens;
    vocabulary = LlamaCpp.llama_model_get_vocab(model);
    vocabularySize = LlamaCpp.llama_vocab_n_tokens(vocabulary);
    template =
        Optional.ofNullable(LlamaCpp.llama_model_chat_template(model, Pointer.NULL))
            .map(text -> terminated(text.getString(0, "UTF-8")));
  }

  /**
   * Loads a model.
   *
   * @param goOn asked as the loading gets on; false ends it
   * @throws IOException if there is no such file, it holds nothing that this engine can run, or it
   *     was told not to go on
   */
  static LoadedModel load(LlamaSettings settings, BooleanSupplier goOn) throws IOException {
    if (!Files.isReadable(settings.file())) {
      throw new IOException(settings.file() + " is not there, or may not be read");
    }
    LlamaCpp.ModelParameters parameters = LlamaCpp.llama_model_default_params();
    LlamaCpp.Progress progress = (share, data) -> LlamaCpp.bool(goOn.getAsBoolean());
    parameters.progress = progress;
    Pointer model = LlamaCpp.llama_model_load_from_file(settings.file().toString(), parameters);
    if (model == null) {
      throw new IOException(
          "llama.cpp cannot load " + settings.file() + ": " + LlamaCpp.lastError());
    }
    try {
      return withContext(model, settings);
    } catch (IOException | RuntimeException e) {
      LlamaCpp.llama_model_free(model);
      throw e;
    }
  }

  private static LoadedModel withContext(Pointer model, LlamaSettings settings) throws IOException {
    require(
        LlamaCpp.llama_vocab_type(LlamaCpp.llama_model_get_vocab(model)) != VOCABULARY_NONE,
        settings,
        "has no vocabulary");
    require(
        LlamaCpp.llama_model_has_decoder(model) != 0
            && LlamaCpp.llama_model_has_encoder(model) == 0,
        settings,
        "has an encoder of its own, which this engine does not run");
    int contextTokens = Math.min(settings.contextTokens(), LlamaCpp.llama_model_n_ctx_train(model));
    // Vectors are computed from whole texts at once; prompts in parts.
    int batchTokens = settings.answersWithVectors() ? contextTokens : BATCH_TOKENS;
    LlamaCpp.ContextParameters parameters = LlamaCpp.llama_context_default_params();
    parameters.cells = Math.multiplyExact(contextTokens, settings.slots());
    parameters.batchTokens = batchTokens;
    parameters.microBatchTokens = batchTokens;
    parameters.sequences = settings.slots();
    parameters.threads = settings.threads();
    parameters.threadsForBatches = settings.threads();
    parameters.defragmentAt = DEFRAGMENT_AT;
    // llama.cpp's own way to a mean ends the process for models that were made to write.
    parameters.pooling = POOLING_NONE;
    parameters.embeddings = LlamaCpp.bool(settings.answersWithVectors());
    Pointer context = LlamaCpp.llama_init_from_model(model, parameters);
    require(context != null, settings, "gets no context: " + LlamaCpp.lastError());
    return new LoadedModel(model, context, contextTokens, batchTokens);
  }

  private static void require(boolean holds, LlamaSettings settings, String otherwise)
      throws IOException {
    if (!holds) {
      throw new IOException(settings.file() + " " + otherwise);
    }
  }

  /** The library's, for samplers. */
  Pointer vocabulary() {
    return vocabulary;
  }

  int vocabularySize() {
    return vocabularySize;
  }

  /** How many tokens a prompt and its answer may have together. */
  int contextTokens() {
    return contextTokens;
  }

  /** How many tokens are computed at once, at most. */
  int batchTokens() {
    return batchTokens;
  }

  /** The length of its vectors. */
  int dimensions() {
    return LlamaCpp.llama_model_n_embd(model);
  }

  /** The tokens of a text, begun as the model's vocabulary begins texts. */
  int[] tokenize(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    int[] tokens = new int[bytes.length + 8];
    int count = tokenize(bytes, tokens);
    if (count < 0) {
      // More than bytes: a vocabulary may write a space with three of them.
      tokens = new int[-count];
      count = tokenize(bytes, tokens);
    }
    return Arrays.copyOf(tokens, count);
  }

  /** How many tokens there are; negative if there is no room for them. */
  private int tokenize(byte[] text, int[] tokens) {
    return LlamaCpp.llama_tokenize(
        vocabulary,
        text,
        text.length,
        tokens,
        tokens.length,
        LlamaCpp.bool(true),
        LlamaCpp.bool(true));
  }

  /** What a token adds to the text; empty for one that only steers, such as the last. */
  byte[] piece(int token) {
    int bytes =
        LlamaCpp.llama_token_to_piece(
            vocabulary, token, piece, piece.length, 0, LlamaCpp.bool(false));
    if (bytes >= 0) {
      return Arrays.copyOf(piece, bytes);
    }
    byte[] longer = new byte[-bytes];
    LlamaCpp.llama_token_to_piece(
        vocabulary, token, longer, longer.length, 0, LlamaCpp.bool(false));
    return longer;
  }

  /** A token that ends an answer, if the model has one. */
  OptionalInt end() {
    int token = LlamaCpp.llama_vocab_eos(vocabulary);
    return token < 0 ? OptionalInt.empty() : OptionalInt.of(token);
  }

  /** Whether an answer ends with this token. */
  boolean ends(int token) {
    return LlamaCpp.llama_vocab_is_eog(vocabulary, token) != 0;
  }

  /**
   * The prompt that the model's own template makes of a conversation, up to where the answer
   * begins; empty if the file has no template, or one that llama.cpp does not know.
   */
  Optional<String> prompt(List<Message> conversation) {
    return template.flatMap(text -> applied(text, conversation));
  }

  private static Optional<String> applied(byte[] template, List<Message> conversation) {
    List<Memory> held = new ArrayList<>();
    Memory messages = new Memory(2L * Native.POINTER_SIZE * conversation.size());
    int bytes = 0;
    for (int i = 0; i < conversation.size(); i++) {
      Memory role = memory(conversation.get(i).role());
      Memory content = memory(conversation.get(i).content());
      held.add(role);
      held.add(content);
      messages.setPointer(2L * Native.POINTER_SIZE * i, role);
      messages.setPointer(2L * Native.POINTER_SIZE * i + Native.POINTER_SIZE, content);
      bytes += Math.toIntExact(role.size() + content.size());
    }
    byte[] text = new byte[2 * bytes + 64];
    int length = apply(template, messages, conversation.size(), text);
    if (length > text.length) {
      text = new byte[length];
      length = apply(template, messages, conversation.size(), text);
    }
    held.forEach(Memory::close);
    messages.close();
    return length < 0 ? Optional.empty() : Optional.of(new String(text, 0, length, UTF_8));
  }

  private static int apply(byte[] template, Memory messages, int count, byte[] text) {
    return LlamaCpp.llama_chat_apply_template(
        template, messages, count, LlamaCpp.bool(true), text, text.length);
  }

  private static Memory memory(String text) {
    byte[] bytes = terminated(text);
    Memory memory = new Memory(bytes.length);
    memory.write(0, bytes, 0, bytes.length);
    return memory;
  }

  private static byte[] terminated(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    return Arrays.copyOf(bytes, bytes.length + 1);
  }

  /**
   * Computes a part of a batch.
   *
   * @return 0 if it was computed; more if there is no room for so many tokens at once, and nothing
   *     has changed; less if the model is broken
   */
  int compute(TokenBatch batch, int from, int count) {
    return LlamaCpp.llama_decode(context, batch.view(from, count));
  }

  /**
   * How likely each token is to come next, unnormalized.
   *
   * @param index of the token that they follow, in the part that was computed last
   */
  float[] logits(int index) {
    return LlamaCpp.llama_get_logits_ith(context, index).getFloatArray(0, vocabularySize);
  }

  /**
   * The vector of one token.
   *
   * @param index of the token, in the part that was computed last
   */
  float[] embedding(int index) {
    return LlamaCpp.llama_get_embeddings_ith(context, index).getFloatArray(0, dimensions());
  }

  /** What the file says of itself under a key. */
  Optional<String> fact(String key) {
    byte[] value = new byte[FACT_BYTES];
    int bytes = LlamaCpp.llama_model_meta_val_str(model, key, value, value.length);
    return bytes < 0 ? Optional.empty() : Optional.of(new String(value, 0, bytes, UTF_8));
  }

  /**
   * Forgets a sequence from a position on.
   *
   * @return whether it could; a model that keeps only its last state can forget but all
   */
  boolean forget(int sequence, int from) {
    return LlamaCpp.llama_kv_self_seq_rm(context, sequence, from, -1) != 0;
  }

  @Override
  public void close() {
    LlamaCpp.llama_free(context);
    LlamaCpp.llama_model_free(model);
  }
}
