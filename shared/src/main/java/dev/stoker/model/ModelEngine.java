package dev.stoker.model;

import java.util.Locale;

/** What can compute a model's answers. */
public enum ModelEngine {
  ONNX,
  LLAMA,
  OPENAI,
  /** Answers nothing of sense, at once: for measuring all the rest. */
  NULL;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  static ModelEngine ofWireName(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }
}
