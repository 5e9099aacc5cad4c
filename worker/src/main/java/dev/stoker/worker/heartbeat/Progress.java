package dev.stoker.worker.heartbeat;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** What this process has finished so far. */
public final class Progress {
  private final LongSupplier nanoTime;
  private final AtomicLong linesDone = new AtomicLong();
  private volatile long lastNanos;

  public Progress(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Results of this many lines were stored just now. */
  public void finished(int lines) {
    lastNanos = nanoTime.getAsLong();
    linesDone.addAndGet(lines);
  }

  public long linesDone() {
    return linesDone.get();
  }

  public Optional<Duration> sinceLast() {
    return linesDone.get() == 0
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(nanoTime.getAsLong() - lastNanos));
  }
}
