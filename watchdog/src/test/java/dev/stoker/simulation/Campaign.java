package dev.stoker.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** Many simulations, in several laboratories at once. */
final class Campaign {

  /** Is told of each simulation that has ended, by several threads at once. */
  interface Listener {
    void held(Laboratory.Report report);

    void broken(Laboratory.Broken broken);
  }

  private final AtomicLong next;
  private final long last;
  private final Listener listener;

  /**
   * @param last the last seed; all from the first on are tried
   */
  Campaign(long first, long last, Listener listener) {
    this.next = new AtomicLong(first);
    this.last = last;
    this.listener = listener;
  }

  void run(int laboratories) throws InterruptedException, ExecutionException {
    try (ExecutorService threads = Executors.newFixedThreadPool(laboratories)) {
      List<Future<?>> working = new ArrayList<>();
      for (int i = 0; i < laboratories; i++) {
        working.add(threads.submit(this::work));
      }
      for (Future<?> each : working) {
        each.get();
      }
    }
  }

  private void work() {
    try (Laboratory laboratory = new Laboratory()) {
      for (long seed = next.getAndIncrement(); seed <= last; seed = next.getAndIncrement()) {
        try {
          listener.held(laboratory.run(seed));
        } catch (Laboratory.Broken e) {
          listener.broken(e);
        }
      }
    }
  }
}
