package dev.stoker.watchdog.observe;

import dev.stoker.database.Database;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The one thread that talks to the database, over one connection. It may be kept waiting; who asks
 * is not, and gets the answer later through an executor of its own.
 */
public final class DatabaseThread implements AutoCloseable {

  private final Supplier<Database> opener;
  private final Executor answers;
  private final ScheduledThreadPoolExecutor thread;
  private Optional<Database> database = Optional.empty();

  /**
   * @param opener may fail for as long as there is no database yet
   * @param answers where answers are delivered
   */
  public DatabaseThread(Supplier<Database> opener, Executor answers) {
    this.opener = opener;
    this.answers = answers;
    this.thread =
        new ScheduledThreadPoolExecutor(
            1, task -> Thread.ofPlatform().name("database").daemon(true).unstarted(task));
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  public <T> void ask(
      Function<Database, T> question, Consumer<T> answered, Consumer<Throwable> failed) {
    askLater(Duration.ZERO, question, answered, failed);
  }

  public <T> void askLater(
      Duration delay,
      Function<Database, T> question,
      Consumer<T> answered,
      Consumer<Throwable> failed) {
    var _ =
        thread.schedule(
            () -> answer(question, answered, failed), delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Waits for what has been asked, at most as long as said. */
  public void close(Duration patience) {
    thread.shutdown();
    try {
      if (thread.awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        database.ifPresent(Database::close);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    close(Duration.ofSeconds(5));
  }

  private <T> void answer(
      Function<Database, T> question, Consumer<T> answered, Consumer<Throwable> failed) {
    T answer;
    try {
      answer = question.apply(opened());
    } catch (RuntimeException | Error e) { // an error unanswered would leave the asker waiting
      answers.execute(() -> failed.accept(e));
      return;
    }
    answers.execute(() -> answered.accept(answer));
  }

  private Database opened() {
    if (database.isEmpty()) {
      database = Optional.of(opener.get());
    }
    return database.get();
  }
}
