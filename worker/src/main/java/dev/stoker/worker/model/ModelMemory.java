package dev.stoker.worker.model;

import java.time.Duration;
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
 * unloaded.
 */
public final class ModelMemory {
  private static final Logger log = LoggerFactory.getLogger(ModelMemory.class);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Less is lost in what the rest of the process takes and gives. */
  private static final long WORTH_A_LOOK_BYTES = 64 << 20;

  private static final Duration LOOK = Duration.ofMillis(100);

  private final Supplier<OptionalLong> availableBytes;
  private final Supplier<OptionalLong> residentBytes;
  private final LongSupplier nanoTime;
  private OptionalLong before = OptionalLong.empty();
  private OptionalLong after = OptionalLong.empty();

  public ModelMemory(LongSupplier nanoTime) {
    this(ProcessMemory::availableBytes, ProcessMemory::residentBytes, nanoTime);
  }

  ModelMemory(
      Supplier<OptionalLong> availableBytes,
      Supplier<OptionalLong> residentBytes,
      LongSupplier nanoTime) {
    this.availableBytes = availableBytes;
    this.residentBytes = residentBytes;
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
    return availableBytes.get().orElse(Long.MAX_VALUE);
  }

  /** A model is about to be loaded. */
  void loading() {
    before = residentBytes.get();
    after = OptionalLong.empty();
  }

  /** It has been loaded. */
  void loaded() {
    after = residentBytes.get();
  }

  /** It has been unloaded: waits until at least half of what it took is back, and says so. */
  void awaitBack(String model) throws InterruptedException {
    if (before.isEmpty() || after.isEmpty()) {
      return;
    }
    long took = after.getAsLong() - before.getAsLong();
    if (took < WORTH_A_LOOK_BYTES) {
      return;
    }
    boolean back = await(() -> resident() <= after.getAsLong() - took / 2);
    if (back) {
      log.info("unloaded {}: {} MiB are back", model, (after.getAsLong() - resident()) >> 20);
    } else {
      log.warn(
          "unloaded {}, but of the {} MiB that it took only {} MiB are back",
          model,
          took >> 20,
          (after.getAsLong() - resident()) >> 20);
    }
  }

  private long resident() {
    return residentBytes.get().orElse(0);
  }

  private boolean await(BooleanSupplier condition) throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    long deadlineNanos = nanoTime.getAsLong() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (nanoTime.getAsLong() - deadlineNanos >= 0) {
        return false;
      }
      never.await(LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }
    return true;
  }
}
