package dev.stoker.worker.model;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees that there is memory for a model before it is loaded, and that it is back after it was
 * unloaded: that of the worker's GPUs where it has some, else the machine's.
 */
public final class ModelMemory {
  private static final Logger log = LoggerFactory.getLogger(ModelMemory.class);
  private static final Duration LOOK = Duration.ofMillis(200);

  /** Less is lost in what the rest of a process takes and gives. */
  private static final long WORTH_A_LOOK_BYTES = 64 << 20;

  private final GpuMemory gpus;
  private final Supplier<OptionalLong> availableBytes;
  private final LongSupplier nativeBytes;
  private final Runnable trim;
  private final Duration patience;
  private final LongSupplier nanoTime;
  private Optional<Long> gpuBefore = Optional.empty();
  private Optional<Long> gpuAfter = Optional.empty();
  private long before;
  private long after;

  /**
   * @param patience how long memory may take to be back
   */
  public ModelMemory(GpuMemory gpus, Duration patience, LongSupplier nanoTime) {
    this(
        gpus,
        ProcessMemory::availableBytes,
        ProcessMemory::nativeBytes,
        ProcessMemory::trim,
        patience,
        nanoTime);
  }

  ModelMemory(
      GpuMemory gpus,
      Supplier<OptionalLong> availableBytes,
      LongSupplier nativeBytes,
      Runnable trim,
      Duration patience,
      LongSupplier nanoTime) {
    this.gpus = gpus;
    this.availableBytes = availableBytes;
    this.nativeBytes = nativeBytes;
    this.trim = trim;
    this.patience = patience;
    this.nanoTime = nanoTime;
  }

  /** Waits a while until so much is free; tells why it cannot be loaded if that never happens. */
  Optional<String> shortage(Optional<Long> neededBytes) throws InterruptedException {
    if (neededBytes.isEmpty() || await(() -> available() >= neededBytes.get())) {
      return Optional.empty();
    }
    return Optional.of(
        "it takes %d MiB of memory, and only %d MiB are free"
            .formatted(neededBytes.get() >> 20, available() >> 20));
  }

  private long available() {
    return gpus.now()
        .map(GpuMemory.Reading::freeBytes)
        .orElseGet(() -> availableBytes.get().orElse(Long.MAX_VALUE));
  }

  /** A model is about to be loaded. */
  void loading() {
    gpuBefore = gpus.now().map(GpuMemory.Reading::usedBytes);
    before = nativeBytes.getAsLong();
  }

  /** It is about to be unloaded. */
  void leaving() {
    gpuAfter = gpus.now().map(GpuMemory.Reading::usedBytes);
    after = nativeBytes.getAsLong();
  }

  /**
   * It has been unloaded: waits until its memory is back.
   *
   * @return false if the worker's GPUs still hold it: another model must not be loaded beside it.
   *     What nobody reads is not held against it
   */
  boolean isBack(String model) throws InterruptedException {
    if (gpuTook() >= WORTH_A_LOOK_BYTES && !isBackOnGpus(model)) {
      return false;
    }
    tellReturned(model);
    return true;
  }

  /** What the model took there, as far as anybody can tell from all that is in use. */
  private long gpuTook() {
    return gpuBefore.isPresent() && gpuAfter.isPresent() ? gpuAfter.get() - gpuBefore.get() : 0;
  }

  /** Half of it: a process keeps what its driver needs, and others may use the GPU too. */
  private boolean isBackOnGpus(String model) throws InterruptedException {
    Instant unloaded = gpus.clock();
    long enough = gpuAfter.orElseThrow() - gpuTook() / 2;
    if (await(() -> gpus.since(unloaded).filter(now -> now.usedBytes() <= enough).isPresent())) {
      return true;
    }
    Optional<GpuMemory.Reading> now = gpus.since(unloaded);
    if (now.isEmpty()) {
      log.warn("unloaded {}; nobody has read since whether its GPU memory is back", model);
      return true;
    }
    log.error(
        "unloaded {}, but its GPU memory is not back: {} MiB were in use with it, now {} MiB",
        model,
        gpuAfter.get() >> 20,
        now.get().usedBytes() >> 20);
    return false;
  }

  /** Some of it may stay with the process without harm: it is only told. */
  private void tellReturned(String model) {
    long took = after - before;
    if (took < WORTH_A_LOOK_BYTES) {
      return;
    }
    trim.run();
    long returned = after - nativeBytes.getAsLong();
    if (returned >= took / 2) {
      log.info("unloaded {}: {} of its {} MiB are back", model, returned >> 20, took >> 20);
    } else {
      log.warn("unloaded {}: only {} of its {} MiB are back", model, returned >> 20, took >> 20);
    }
  }

  private boolean await(BooleanSupplier condition) throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    long deadlineNanos = nanoTime.getAsLong() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (nanoTime.getAsLong() - deadlineNanos >= 0) {
        return false;
      }
      never.await(LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }
    return true;
  }
}
