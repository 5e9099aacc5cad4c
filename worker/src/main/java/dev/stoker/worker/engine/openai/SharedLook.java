package dev.stoker.worker.engine.openai;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/** A question that many ask at the same moment and that is put only once. */
final class SharedLook {

  /** The question. */
  @FunctionalInterface
  interface Look {
    boolean look() throws InterruptedException;
  }

  private final Look look;
  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();
  private boolean looked;
  private long lookedNanos;
  private boolean answer;

  SharedLook(Look look, LongSupplier nanoTime) {
    this.look = look;
    this.nanoTime = nanoTime;
  }

  /** The answer of a look that began after this moment; waits for it. */
  boolean after(long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      if (!looked || lookedNanos - nanos < 0) {
        long begin = nanoTime.getAsLong();
        answer = look.look();
        lookedNanos = begin;
        looked = true;
      }
      return answer;
    } finally {
      lock.unlock();
    }
  }
}
