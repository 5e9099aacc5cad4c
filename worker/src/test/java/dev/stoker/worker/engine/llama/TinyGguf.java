package dev.stoker.worker.engine.llama;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToDoubleFunction;

/**
 * Writes a language model of random weights, small enough for tests: it says words in no order, the
 * same for the same seed. The format is GGUF's version 3, from ggml's docs/gguf.md.
 */
public final class TinyGguf {
  /** What most chat models use today. */
  public static final String CHATML =
      "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' +"
          + " message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
          + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

  public static final int CONTEXT_TOKENS = 2048;
  public static final int DIMENSIONS = 64;

  /** The token that begins every prompt. */
  public static final int BEGIN = 1;

  /** The token that ends an answer. */
  public static final int END = 2;

  private static final int LAYERS = 2;
  private static final int HEADS = 4;
  private static final int FEED_FORWARD = 128;
  private static final int ALIGNMENT = 32;

  private static final int TYPE_INT32 = 5;
  private static final int TYPE_UINT32 = 4;
  private static final int TYPE_FLOAT32 = 6;
  private static final int TYPE_BOOL = 7;
  private static final int TYPE_STRING = 8;
  private static final int TYPE_ARRAY = 9;

  private static final int TOKEN_NORMAL = 1;
  private static final int TOKEN_UNKNOWN = 2;
  private static final int TOKEN_CONTROL = 3;
  private static final int TOKEN_BYTE = 6;

  private static final List<String> WORDS =
      List.of(
          """
          time year people way day man thing woman life child world school state family student
          group country problem hand part place case week company system program question work
          government number night point home water room mother area money story fact month lot
          right study book eye job word business issue side kind head house service friend father
          power hour game line end member law car city community name president team minute idea
          kid body information back parent face others level office door health person art war
          history party result change morning reason research girl guy moment air teacher force
          education
          """
              .strip()
              .split("\\s+"));

  private record Token(String text, int type) {}

  private record Tensor(String name, int[] shape, float[] values) {}

  private TinyGguf() {}

  /** Writes a model that chats by ChatML. */
  public static Path write(Path file, long seed) throws IOException {
    return write(file, seed, CHATML);
  }

  /**
   * Writes a model.
   *
   * @param chatTemplate its Jinja template; empty for none
   */
  public static Path write(Path file, long seed, String chatTemplate) throws IOException {
    List<Token> tokens = tokens();
    ByteBuffer bytes = ByteBuffer.allocate(2 << 20).order(ByteOrder.LITTLE_ENDIAN);
    List<Tensor> tensors = tensors(new Random(seed), tokens);
    Map<String, Runnable> facts = facts(bytes, tokens, chatTemplate);
    bytes.put("GGUF".getBytes(UTF_8)).putInt(3).putLong(tensors.size()).putLong(facts.size());
    facts.forEach(
        (name, value) -> {
          string(bytes, name);
          value.run();
        });
    describe(bytes, tensors);
    for (Tensor tensor : tensors) {
      align(bytes);
      for (float value : tensor.values()) {
        bytes.putFloat(value);
      }
    }
    align(bytes);
    byte[] written = new byte[bytes.flip().remaining()];
    bytes.get(written);
    return Files.write(file, written);
  }

  private static List<Token> tokens() {
    List<Token> tokens = new ArrayList<>();
    tokens.add(new Token("<unk>", TOKEN_UNKNOWN));
    tokens.add(new Token("<s>", TOKEN_CONTROL));
    tokens.add(new Token("</s>", TOKEN_CONTROL));
    for (int value = 0; value < 256; value++) {
      tokens.add(new Token("<0x%02X>".formatted(value), TOKEN_BYTE));
    }
    tokens.add(new Token("<|im_start|>", TOKEN_CONTROL));
    tokens.add(new Token("<|im_end|>", TOKEN_CONTROL));
    WORDS.forEach(word -> tokens.add(new Token("\u2581" + word, TOKEN_NORMAL)));
    return tokens;
  }

  private static Map<String, Runnable> facts(
      ByteBuffer bytes, List<Token> tokens, String chatTemplate) {
    Map<String, Runnable> facts = new LinkedHashMap<>();
    facts.put("general.architecture", () -> text(bytes, "llama"));
    facts.put("general.name", () -> text(bytes, "tiny"));
    facts.put("llama.context_length", () -> number(bytes, CONTEXT_TOKENS));
    facts.put("llama.embedding_length", () -> number(bytes, DIMENSIONS));
    facts.put("llama.block_count", () -> number(bytes, LAYERS));
    facts.put("llama.feed_forward_length", () -> number(bytes, FEED_FORWARD));
    facts.put("llama.attention.head_count", () -> number(bytes, HEADS));
    facts.put("llama.attention.layer_norm_rms_epsilon", () -> real(bytes, 1e-5f));
    facts.put("llama.rope.dimension_count", () -> number(bytes, DIMENSIONS / HEADS));
    facts.put("tokenizer.ggml.model", () -> text(bytes, "llama"));
    facts.put(
        "tokenizer.ggml.tokens",
        () -> {
          array(bytes, TYPE_STRING, tokens.size());
          tokens.forEach(token -> string(bytes, token.text()));
        });
    facts.put(
        "tokenizer.ggml.scores",
        () -> {
          array(bytes, TYPE_FLOAT32, tokens.size());
          tokens.forEach(_ -> bytes.putFloat(0));
        });
    facts.put(
        "tokenizer.ggml.token_type",
        () -> {
          array(bytes, TYPE_INT32, tokens.size());
          tokens.forEach(token -> bytes.putInt(token.type()));
        });
    facts.put("tokenizer.ggml.bos_token_id", () -> number(bytes, BEGIN));
    facts.put("tokenizer.ggml.eos_token_id", () -> number(bytes, END));
    facts.put("tokenizer.ggml.unknown_token_id", () -> number(bytes, 0));
    facts.put("tokenizer.ggml.add_bos_token", () -> bytes.putInt(TYPE_BOOL).put((byte) 1));
    if (!chatTemplate.isEmpty()) {
      facts.put("tokenizer.chat_template", () -> text(bytes, chatTemplate));
    }
    return facts;
  }

  private static List<Tensor> tensors(Random random, List<Token> tokens) {
    List<Tensor> tensors = new ArrayList<>();
    int vocabulary = tokens.size();
    tensors.add(random("token_embd.weight", random, 1, DIMENSIONS, vocabulary));
    tensors.add(ones("output_norm.weight"));
    // A word is likelier than anything else, so that what is said can be read.
    tensors.add(
        filled(
            "output.weight",
            index ->
                random.nextGaussian()
                    * (tokens.get(index / DIMENSIONS).type() == TOKEN_NORMAL ? 0.5 : 0.1),
            DIMENSIONS,
            vocabulary));
    for (int layer = 0; layer < LAYERS; layer++) {
      String block = "blk." + layer + ".";
      tensors.add(ones(block + "attn_norm.weight"));
      tensors.add(random(block + "attn_q.weight", random, 0.3, DIMENSIONS, DIMENSIONS));
      tensors.add(random(block + "attn_k.weight", random, 0.3, DIMENSIONS, DIMENSIONS));
      tensors.add(random(block + "attn_v.weight", random, 0.3, DIMENSIONS, DIMENSIONS));
      tensors.add(random(block + "attn_output.weight", random, 0.3, DIMENSIONS, DIMENSIONS));
      tensors.add(ones(block + "ffn_norm.weight"));
      tensors.add(random(block + "ffn_gate.weight", random, 0.3, DIMENSIONS, FEED_FORWARD));
      tensors.add(random(block + "ffn_up.weight", random, 0.3, DIMENSIONS, FEED_FORWARD));
      tensors.add(random(block + "ffn_down.weight", random, 0.3, FEED_FORWARD, DIMENSIONS));
    }
    return tensors;
  }

  private static Tensor ones(String name) {
    return filled(name, _ -> 1, DIMENSIONS);
  }

  private static Tensor random(String name, Random random, double deviation, int... shape) {
    return filled(name, _ -> random.nextGaussian() * deviation, shape);
  }

  private static Tensor filled(String name, ToDoubleFunction<Integer> value, int... shape) {
    int size = 1;
    for (int length : shape) {
      size *= length;
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) value.applyAsDouble(i);
    }
    return new Tensor(name, shape, values);
  }

  private static void describe(ByteBuffer bytes, List<Tensor> tensors) {
    long offset = 0;
    for (Tensor tensor : tensors) {
      string(bytes, tensor.name());
      bytes.putInt(tensor.shape().length);
      for (int length : tensor.shape()) {
        bytes.putLong(length);
      }
      bytes.putInt(0).putLong(offset); // 0: 32-bit floats
      offset += Math.ceilDiv(4L * tensor.values().length, ALIGNMENT) * ALIGNMENT;
    }
  }

  private static void align(ByteBuffer bytes) {
    while (bytes.position() % ALIGNMENT != 0) {
      bytes.put((byte) 0);
    }
  }

  private static void number(ByteBuffer bytes, int value) {
    bytes.putInt(TYPE_UINT32).putInt(value);
  }

  private static void real(ByteBuffer bytes, float value) {
    bytes.putInt(TYPE_FLOAT32).putFloat(value);
  }

  private static void text(ByteBuffer bytes, String value) {
    string(bytes.putInt(TYPE_STRING), value);
  }

  private static void array(ByteBuffer bytes, int type, int length) {
    bytes.putInt(TYPE_ARRAY).putInt(type).putLong(length);
  }

  private static void string(ByteBuffer bytes, String value) {
    byte[] text = value.getBytes(UTF_8);
    bytes.putLong(text.length).put(text);
  }
}
