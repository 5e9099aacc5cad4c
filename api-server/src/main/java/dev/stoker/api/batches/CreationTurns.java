package dev.stoker.api.batches;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Lets few batches be created or judged at a time, in the order of arrival: a crowd that creates
 * them leaves connections and processors to those who only look, and hardly waits for the judging.
 */
public final class CreationTurns {
  private static final int AT_ONCE = 4;
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Semaphore turns = new Semaphore(AT_ONCE, true);

  /** Closed when the batch is created or judged. */
  public interface Turn extends AutoCloseable {
    @Override
    void close();
  }

  /** Whoever has waited long goes on without: the database may be away, and says so itself. */
  public Turn await() {
    try {
      if (turns.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        return turns::release;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return () -> {};
  }
}
