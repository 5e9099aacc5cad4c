package dev.stoker.worker.execute;

import dev.stoker.batch.BatchId;
import dev.stoker.line.ResultLine;
import dev.stoker.loop.Loop;
import dev.stoker.queue.FinishedLine;
import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineRequest;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.engine.TokenUsage;
import dev.stoker.worker.lease.HeldShard;
import dev.stoker.worker.lease.HeldShards;
import dev.stoker.worker.lease.PendingLine;
import dev.stoker.worker.settle.Settler;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts waiting lines as fast as the engine has free slots, and hands what they give to the
 * settler.
 */
public final class Dispatcher implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);

  /**
   * How long a line whose shard is not trusted, or whose engine is away, waits for another look.
   */
  private static final Duration LATER = Duration.ofMillis(200);

  private final HeldShards held;
  private final Settler settler;
  private final Engine engine;
  private final ExecuteSettings settings;
  private final RandomGenerator random;
  private final LongSupplier nanoTime;
  private final Runnable whenTaken;
  private final Semaphore slots;
  private final int slotsMax;
  private final Loop loop;

  /**
   * @param slots free slots of the engine, shared with whoever wants to know how many are taken
   * @param whenTaken told whenever a line has left the queue
   */
  public Dispatcher(
      HeldShards held,
      Settler settler,
      Engine engine,
      ExecuteSettings settings,
      RandomGenerator random,
      LongSupplier nanoTime,
      Semaphore slots,
      Runnable whenTaken) {
    this.held = held;
    this.settler = settler;
    this.engine = engine;
    this.settings = settings;
    this.random = random;
    this.nanoTime = nanoTime;
    this.slots = slots;
    this.slotsMax = slots.availablePermits();
    this.whenTaken = whenTaken;
    this.loop = new Loop("dispatch", Duration.ofMillis(1), this::runOnce);
  }

  public void start() {
    loop.start();
  }

  public int inFlight() {
    return slotsMax - slots.availablePermits();
  }

  @Override
  public void close() {
    loop.interrupt();
  }

  boolean runOnce() throws InterruptedException {
    PendingLine line = held.take();
    whenTaken.run();
    settler.reserve();
    slots.acquire();
    if (!start(line)) {
      slots.release();
      settler.release();
    }
    return true;
  }

  /** Starts a line unless it must wait or nobody wants it; says whether it did. */
  private boolean start(PendingLine line) {
    HeldShard shard = line.shard();
    // Counted first: a shard with a started line is not given back between the look and the start.
    shard.started();
    boolean ready = shard.trusted(nanoTime.getAsLong()) && engine.probe() == EngineState.READY;
    if (shard.wanted() && ready) {
      Thread.ofVirtual().name("line").start(() -> run(line));
      return true;
    }
    shard.dropped();
    return later(line, LATER);
  }

  private void run(PendingLine line) {
    HeldShard shard = line.shard();
    shard.runsOn(Thread.currentThread());
    boolean settling = false;
    try {
      settling = conclude(line, ask(line));
    } catch (InterruptedException e) {
      log.debug("line {} of {} was interrupted", line.line(), shard.lease());
    } catch (RuntimeException | Error e) {
      // An Error too: a line that is neither settled nor put back would keep its batch open for
      // ever.
      log.error("line {} of {} failed inside the worker", line.line(), shard.lease(), e);
      settling = fail(line, "internal_error", "The worker failed on this request: " + e);
    } finally {
      shard.ranOn(Thread.currentThread());
      slots.release();
      if (!settling) {
        shard.dropped();
        settler.release();
      }
    }
  }

  private EngineReply ask(PendingLine line) throws InterruptedException {
    return engine.complete(
        new EngineRequest(line.shard().endpoint(), line.request().model(), line.body()),
        settings.requestDeadline());
  }

  /** Says whether the line has a result to settle. */
  private boolean conclude(PendingLine line, EngineReply reply) {
    return switch (settings.retry().decide(line.tries(), reply, random)) {
      case Verdict.Answer(boolean succeeded) ->
          answer(line, succeeded, (EngineReply.Answered) reply);
      case Verdict.NoAnswer(String code, String message) -> fail(line, code, message);
      case Verdict.RetryAfter(Duration delay) -> later(line.triedAgain(), delay);
      case Verdict.Wait() -> later(line, LATER);
    };
  }

  private boolean answer(PendingLine line, boolean succeeded, EngineReply.Answered answer) {
    TokenUsage usage = answer.usage();
    byte[] body =
        ResultLine.answered(
            batch(line),
            line.line(),
            line.request().customIdJson(),
            answer.status(),
            answer.body());
    settler.settle(
        new FinishedLine(
            line.shard().lease(),
            line.line(),
            succeeded,
            body,
            usage.input(),
            usage.cached(),
            usage.output(),
            usage.reasoning()));
    return true;
  }

  private boolean fail(PendingLine line, String code, String message) {
    byte[] body =
        ResultLine.unanswered(
            batch(line), line.line(), line.request().customIdJson(), code, message);
    settler.settle(FinishedLine.failed(line.shard().lease(), line.line(), body));
    return true;
  }

  /** The line gives its slot to others meanwhile. */
  private boolean later(PendingLine line, Duration delay) {
    held.delayed();
    CompletableFuture.delayedExecutor(delay.toNanos(), TimeUnit.NANOSECONDS, Runnable::run)
        .execute(() -> held.putBack(line));
    return false;
  }

  private static BatchId batch(PendingLine line) {
    return line.shard().lease().key().batch();
  }
}
