package dev.stoker.api.health;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** Asks something that may hang, and waits only so long. */
final class Patiently {
  private final Duration patience;

  Patiently(Duration patience) {
    this.patience = patience;
  }

  /** The answer, or empty if there was none in time. What hangs ends by its own time limits. */
  <T> Optional<T> ask(Supplier<T> question) {
    FutureTask<T> task = new FutureTask<>(question::get);
    Thread.ofVirtual().name("health").start(task);
    try {
      return Optional.of(task.get(patience.toMillis(), TimeUnit.MILLISECONDS));
    } catch (ExecutionException | TimeoutException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
