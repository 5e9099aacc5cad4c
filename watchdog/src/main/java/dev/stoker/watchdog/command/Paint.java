package dev.stoker.watchdog.command;

import dev.stoker.health.SlotState;

/**
 * Colours, where somebody looks.
 *
 * @param on whether a terminal shows them
 */
record Paint(boolean on) {
  private static final String GREEN = "32";
  private static final String YELLOW = "33";
  private static final String RED = "31";

  String good(String text) {
    return in(GREEN, text);
  }

  String doubtful(String text) {
    return in(YELLOW, text);
  }

  String bad(String text) {
    return in(RED, text);
  }

  String state(SlotState state, String text) {
    return switch (state) {
      case RUNNING -> good(text);
      case GAVE_UP, QUARANTINED, UNKILLABLE, GPU_BUSY -> bad(text);
      case RECONCILING, STARTING, SUSPECT, KILLING, CONFIRMING, BACKOFF, STOPPED -> doubtful(text);
    };
  }

  private String in(String colour, String text) {
    return on ? "\u001b[" + colour + "m" + text + "\u001b[0m" : text;
  }
}
