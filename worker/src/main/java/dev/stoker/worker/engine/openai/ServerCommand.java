package dev.stoker.worker.engine.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The words that start a server, before their placeholders are filled.
 *
 * @param model what {@code {model}} stands for
 * @param gpus what {@code {gpus}} stands for
 * @param extra the words that a word {@code {extra}} stands for
 */
record ServerCommand(List<String> template, String model, int gpus, List<String> extra) {

  boolean needsModel() {
    return template.stream().anyMatch(word -> word.contains("{model}"));
  }

  /** The program and its model; other words may hold a secret. */
  String title() {
    return (template.getFirst() + " " + model).strip();
  }

  /** The words for a server that is to listen on this port. */
  List<String> words(int port) {
    return template.stream()
        .flatMap(word -> word.equals("{extra}") ? extra.stream() : Stream.of(word))
        .map(
            word ->
                word.replace("{port}", Integer.toString(port))
                    .replace("{gpus}", Integer.toString(gpus))
                    .replace("{model}", model))
        .toList();
  }

  /**
   * Splits at spaces as a shell does, with single and double quotes and backslashes, but expands
   * nothing; empty if a quote does not end. Pure.
   */
  static Optional<List<String>> split(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean begun = false;
    char quote = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && quote != '\'' && i + 1 < text.length()) {
        word.append(text.charAt(++i));
        begun = true;
      } else if (quote != 0) {
        if (c == quote) {
          quote = 0;
        } else {
          word.append(c);
        }
      } else if (c == '\'' || c == '"') {
        quote = c;
        begun = true;
      } else if (!Character.isWhitespace(c)) {
        word.append(c);
        begun = true;
      } else if (begun) {
        words.add(word.toString());
        word.setLength(0);
        begun = false;
      }
    }
    if (begun) {
      words.add(word.toString());
    }
    return quote == 0 ? Optional.of(List.copyOf(words)) : Optional.empty();
  }
}
