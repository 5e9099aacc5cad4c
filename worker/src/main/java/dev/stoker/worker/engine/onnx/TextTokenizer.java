package dev.stoker.worker.engine.onnx;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** Cuts texts into tokens as a model's tokenizer.json says. Safe for many threads. */
final class TextTokenizer implements AutoCloseable {
  /** A word rarely has more characters a token, so that a first look at a long text suffices. */
  private static final int CHARACTERS_PER_TOKEN = 8;

  private final HuggingFaceTokenizer tokenizer;
  private final Path file;
  private final int textTokensMax;
  private int vocabulary;

  private TextTokenizer(HuggingFaceTokenizer tokenizer, Path file, int textTokensMax) {
    this.tokenizer = tokenizer;
    this.file = file;
    this.textTokensMax = textTokensMax;
  }

  /**
   * @param library the tokenizer's native one
   */
  static TextTokenizer open(Path file, Path library, int textTokensMax) throws IOException {
    // Otherwise the library looks for a GPU build of itself to download, and calls home.
    System.setProperty("RUST_FLAVOR", "cpu");
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("RUST_LIBRARY_PATH", library.toString());
    try (InputStream json = Files.newInputStream(file)) {
      // Files ask for 128 tokens or so, padded; the model reads more and batches need no padding.
      var options = Map.of("padding", "false", "truncation", "false");
      return new TextTokenizer(
          HuggingFaceTokenizer.newInstance(json, options), file, textTokensMax);
    }
  }

  /** How many tokens the model knows. Read when it is first asked for, which is seldom. */
  synchronized int vocabulary() {
    if (vocabulary == 0) {
      try {
        vocabulary = Vocabulary.size(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return vocabulary;
  }

  /**
   * The tokens of a text, special ones included; the first ones and the mark of the end if it has
   * more than are read.
   *
   * <p>Of a long text only as much is looked at as is read, which saves more than the model costs.
   * Cut before a blank, a text's tokens are the first tokens of the whole.
   */
  long[] tokens(String text) {
    for (long reach = (long) CHARACTERS_PER_TOKEN * textTokensMax;
        reach < text.length();
        reach *= 4) {
      int blank = Math.max(text.lastIndexOf(' ', (int) reach), text.lastIndexOf('\n', (int) reach));
      long[] ids = blank > 0 ? encode(text.substring(0, blank)) : new long[0];
      if (ids.length >= textTokensMax) {
        return truncated(ids);
      }
    }
    return truncated(encode(text));
  }

  private long[] encode(String text) {
    return tokenizer.encode(text, true, false).getIds();
  }

  private long[] truncated(long[] ids) {
    if (ids.length <= textTokensMax) {
      return ids;
    }
    long[] kept = Arrays.copyOf(ids, textTokensMax);
    kept[textTokensMax - 1] = ids[ids.length - 1];
    return kept;
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
