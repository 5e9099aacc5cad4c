package dev.stoker.api;

/** The database is a newer build's. The message says what to do. */
final class UnknownSchema extends RuntimeException {
  UnknownSchema(String message) {
    super(message);
  }
}
