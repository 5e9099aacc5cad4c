package dev.stoker.watchdog.evidence;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/** Attempts that may fail or hang without harm to the next; together they keep to a budget. */
final class Steps {

  private final String name;
  private final LongSupplier ticker;
  private final long deadline;
  private final List<String> notes = new ArrayList<>();

  Steps(String name, Duration budget, LongSupplier ticker) {
    this.name = name;
    this.ticker = ticker;
    this.deadline = ticker.getAsLong() + budget.toNanos();
  }

  /** On a thread of its own, which is left to itself if it hangs; failure becomes a note. */
  <T> Optional<T> attempt(String what, Duration most, Callable<T> step) {
    long nanos = Math.min(most.toNanos(), deadline - ticker.getAsLong());
    FutureTask<T> task = new FutureTask<>(step);
    try {
      Thread.ofPlatform().name(name + "-step").daemon(true).start(task);
      return Optional.of(task.get(Math.max(0, nanos), TimeUnit.NANOSECONDS));
    } catch (ExecutionException e) {
      note(what + ": " + e.getCause());
    } catch (TimeoutException e) {
      note(what + ": no answer within " + Math.max(0, nanos / 1_000_000) + " ms");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      note(what + ": interrupted");
    } finally {
      task.cancel(true);
    }
    return Optional.empty();
  }

  void note(String note) {
    notes.add(note);
  }

  List<String> notes() {
    return List.copyOf(notes);
  }
}
