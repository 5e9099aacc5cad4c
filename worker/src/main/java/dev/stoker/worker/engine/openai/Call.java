package dev.stoker.worker.engine.openai;

import dev.stoker.worker.engine.EngineReply;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/** One request under way, which may be ended from outside. */
final class Call {
  private final long beganNanos;
  private final long deadlineNanos;
  private final Runnable disconnect;
  private final AtomicReference<EngineReply> aborted = new AtomicReference<>();

  /**
   * @param disconnect makes whoever waits for the answer stop waiting; may be repeated
   */
  Call(long beganNanos, long deadlineNanos, Runnable disconnect) {
    this.beganNanos = beganNanos;
    this.deadlineNanos = deadlineNanos;
    this.disconnect = disconnect;
  }

  long beganNanos() {
    return beganNanos;
  }

  long deadlineNanos() {
    return deadlineNanos;
  }

  boolean overdue(long nowNanos) {
    return nowNanos - deadlineNanos >= 0;
  }

  /** Ends it with this reply, unless it ended before. */
  void abort(EngineReply reply) {
    aborted.compareAndSet(null, reply);
    disconnect.run();
  }

  Optional<EngineReply> aborted() {
    return Optional.ofNullable(aborted.get());
  }
}
