package dev.stoker.api.files;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Waits for database work that another thread does. */
final class Awaited {
  private Awaited() {}

  /** Throws what the work has thrown. */
  static <T> T of(Future<T> work) {
    try {
      return work.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the database", e);
    }
  }
}
