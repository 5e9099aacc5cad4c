package dev.stoker.simulation;

import java.nio.charset.StandardCharsets;

/**
 * A line of an input file.
 *
 * @param name unique among all lines of a simulation; also its custom_id
 * @param model whose it is
 */
record Line(String name, String model, Kind kind) {

  /** What the engine makes of it. */
  enum Kind {
    /** An answer. */
    SOUND,
    /** A refusal. */
    BAD,
    /** An answer, but an error at the first try in the life of an engine. */
    FLAKY,
    /** The death of the worker. */
    POISON
  }

  /** As the client writes it. */
  String json() {
    return """
        {"custom_id":"%s","method":"POST","url":"%s","body":{"model":"%s","input":"%s %s"}}"""
        .formatted(name, World.ENDPOINT, model, kind, name);
  }

  /** From the body of its request. */
  static Line of(byte[] body) {
    String text = new String(body, StandardCharsets.UTF_8);
    String[] words = after(text, "\"input\":\"").split(" ", 2);
    return new Line(words[1], after(text, "\"model\":\""), Kind.valueOf(words[0]));
  }

  private static String after(String text, String mark) {
    int from = text.indexOf(mark) + mark.length();
    return text.substring(from, text.indexOf('"', from));
  }
}
