package dev.stoker.watchdog.command;

/** What was typed cannot be meant; says what can be. */
final class Misused extends RuntimeException {
  private static final long serialVersionUID = 1;

  Misused(String message) {
    super(message);
  }
}
