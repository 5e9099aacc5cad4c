package dev.stoker.worker.heartbeat;

import dev.stoker.health.Beat;
import dev.stoker.health.ModelSwaps;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerId;
import dev.stoker.health.WorkerStatus;
import dev.stoker.loop.Loop;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.engine.WatchedEngine;
import java.time.Duration;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Beats every few seconds and at every change of what it has to say. */
public final class HeartbeatLoop implements AutoCloseable {
  /** How soon a change of status is told. */
  private static final Duration LOOK = Duration.ofMillis(100);

  private final WorkerHeartbeatTable table;
  private final WorkerId id;
  private final WatchedEngine engine;
  private final IntSupplier inFlight;
  private final Progress progress;
  private final Supplier<ModelSwaps> swaps;
  private final Runnable whenFenced;
  private final Loop loop;
  private final long everyNanos;
  private final LongSupplier nanoTime;
  private volatile boolean draining;
  private WorkerStatus lastStatus = WorkerStatus.RESERVED;
  private long lastNanos;

  /**
   * @param whenFenced ends the process; called when a successor has been appointed
   */
  public HeartbeatLoop(
      WorkerHeartbeatTable table,
      WorkerId id,
      Duration every,
      WatchedEngine engine,
      IntSupplier inFlight,
      Progress progress,
      Supplier<ModelSwaps> swaps,
      LongSupplier nanoTime,
      Runnable whenFenced) {
    this.table = table;
    this.id = id;
    this.engine = engine;
    this.inFlight = inFlight;
    this.progress = progress;
    this.swaps = swaps;
    this.whenFenced = whenFenced;
    this.everyNanos = every.toNanos();
    this.nanoTime = nanoTime;
    this.lastNanos = nanoTime.getAsLong() - everyNanos;
    this.loop = new Loop("heartbeat", every.compareTo(LOOK) < 0 ? every : LOOK, this::runOnce);
  }

  public void start() {
    loop.start();
  }

  /** See {@link Loop#turns}. */
  public long turns() {
    return loop.turns();
  }

  /** Something may have changed: it is told now. */
  public void wake() {
    loop.wake();
  }

  public void drain() {
    draining = true;
    loop.wake();
  }

  /** The last beat: the process ends as it was asked to. */
  public void stop() {
    loop.close();
    table.beat(id, beat(WorkerStatus.STOPPED));
  }

  @Override
  public void close() {
    loop.close();
  }

  boolean runOnce() {
    WorkerStatus status = status(engine.probe());
    long now = nanoTime.getAsLong();
    if (status == lastStatus && now - lastNanos < everyNanos) {
      return false;
    }
    if (!table.beat(id, beat(status))) {
      whenFenced.run();
    }
    lastStatus = status;
    lastNanos = now;
    return false;
  }

  private WorkerStatus status(EngineState engineState) {
    if (draining) {
      return WorkerStatus.DRAINING;
    }
    return switch (engineState) {
      case STARTING -> WorkerStatus.STARTING;
      case READY -> WorkerStatus.READY;
      case DOWN -> WorkerStatus.ENGINE_DOWN;
    };
  }

  private Beat beat(WorkerStatus status) {
    return new Beat(
        status,
        engine.models(),
        engine.loadedModel(),
        inFlight.getAsInt(),
        progress.linesDone(),
        engine.steps(),
        progress.sinceLast(),
        swaps.get());
  }
}
