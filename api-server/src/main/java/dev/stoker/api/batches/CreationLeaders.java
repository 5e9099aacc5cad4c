package dev.stoker.api.batches;

import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;

/** Who stores groups of new batches, and how many groups at once. */
public final class CreationLeaders {
  private final Executor threads;
  private final Semaphore free;
  private volatile int groupSize;

  public CreationLeaders(Executor threads, int max) {
    this.threads = threads;
    this.free = new Semaphore(max);
  }

  /** Whether as many lead as may, and the last group was of more than one. */
  public boolean crowded() {
    return free.availablePermits() == 0 && groupSize > 1;
  }

  /** Lets somebody lead who steps down in the end, unless enough do so already. */
  void call(Runnable lead) {
    if (stepUp()) {
      threads.execute(lead);
    }
  }

  /** A leader says what is stored next. */
  void store(int batches) {
    groupSize = batches;
  }

  boolean stepUp() {
    return free.tryAcquire();
  }

  void stepDown() {
    free.release();
  }
}
