package dev.stoker.settings;

import java.util.List;

/** The configuration is wrong; the message lists every wrong key. */
public final class InvalidSettings extends RuntimeException {
  private static final long serialVersionUID = 1;

  InvalidSettings(List<String> problems) {
    super(String.join("\n", problems));
  }
}
