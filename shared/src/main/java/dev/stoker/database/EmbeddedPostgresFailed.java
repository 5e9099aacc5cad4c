package dev.stoker.database;

/**
 * The embedded PostgreSQL could not do what was asked; the message says why and what to do next.
 */
public final class EmbeddedPostgresFailed extends RuntimeException {
  private static final long serialVersionUID = 1;

  EmbeddedPostgresFailed(String message) {
    super(message);
  }

  EmbeddedPostgresFailed(String message, Throwable cause) {
    super(message, cause);
  }
}
