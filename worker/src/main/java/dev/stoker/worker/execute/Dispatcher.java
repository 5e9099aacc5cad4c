package dev.stoker.worker.execute;

import dev.stoker.batch.BatchId;
import dev.stoker.line.ResultLine;
import dev.stoker.loop.Loop;
import dev.stoker.queue.FinishedLine;
import dev.stoker.queue.InFlightFile;
import dev.stoker.queue.LineKey;
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
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts waiting lines as soon as their turn comes, and hands what they give to the settler. */
public final class Dispatcher implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);

  /**
   * How long a line whose shard is not trusted, or whose engine is away, waits for another look.
   */
  private static final Duration LATER = Duration.ofMillis(200);

  private static final String ENGINE_CRASH =
      "The engine crashed or hung each time it ran this request, in the end with nothing else"
          + " running beside it, so it is not run again. Change the request before you submit it in"
          + " a new batch; the other requests of this batch are not affected.";

  private final HeldShards held;
  private final Settler settler;
  private final Engine engine;
  private final ExecuteSettings settings;
  private final RandomGenerator random;
  private final LongSupplier nanoTime;
  private final Runnable whenTaken;
  private final InFlightFile inFlight;
  private final BiConsumer<LineKey, Boolean> whenStruck;
  private final LineThreads threads;
  private final Loop loop;

  /**
   * @param inFlight told which lines the engine has
   * @param whenStruck told of each line whose engine died while it ran, and whether nothing else
   *     ran
   * @param whenTaken told whenever a line has left the queue
   * @param threads on which lines run
   */
  public Dispatcher(
      HeldShards held,
      Settler settler,
      Engine engine,
      ExecuteSettings settings,
      RandomGenerator random,
      LongSupplier nanoTime,
      InFlightFile inFlight,
      BiConsumer<LineKey, Boolean> whenStruck,
      Runnable whenTaken,
      LineThreads threads) {
    this.held = held;
    this.settler = settler;
    this.engine = engine;
    this.settings = settings;
    this.random = random;
    this.nanoTime = nanoTime;
    this.inFlight = inFlight;
    this.whenStruck = whenStruck;
    this.whenTaken = whenTaken;
    this.threads = threads;
    this.loop = new Loop("dispatch", Duration.ofMillis(1), this::runOnce);
  }

  public void start() {
    loop.start();
  }

  public int inFlight() {
    return held.running();
  }

  @Override
  public void close() {
    loop.interrupt();
  }

  /** Starts the next line, once one may start; for whoever runs it without a thread of its own. */
  public boolean runOnce() throws InterruptedException {
    PendingLine line = held.take();
    whenTaken.run();
    settler.reserve();
    if (!start(line)) {
      held.left();
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
      threads.start(() -> run(line));
      return true;
    }
    shard.dropped();
    return later(line, LATER);
  }

  private void run(PendingLine line) {
    HeldShard shard = line.shard();
    boolean settling = false;
    try {
      settling = line.strikes().convicted() ? convict(line) : conclude(line, ask(line));
    } catch (InterruptedException e) {
      log.debug("line {} of {} was interrupted", line.line(), shard.lease());
    } catch (RuntimeException | Error e) {
      // An Error too: a line that is neither settled nor put back would keep its batch open for
      // ever.
      log.error("line {} of {} failed inside the worker", line.line(), shard.lease(), e);
      settling = fail(line, "internal_error", "The worker failed on this request: " + e);
    } finally {
      held.left();
      if (!settling) {
        shard.dropped();
        settler.release();
      }
    }
  }

  private EngineReply ask(PendingLine line) throws InterruptedException {
    EngineRequest request =
        new EngineRequest(line.shard().endpoint(), line.request().model(), line.body());
    InFlightFile.Entry entry = inFlight.enter(new LineKey(batch(line), line.line()));
    boolean answered = false;
    try {
      EngineReply reply = complete(line.shard(), request);
      answered = reply instanceof EngineReply.Answered;
      return reply;
    } finally {
      entry.leave(answered);
    }
  }

  /** Interrupted while the engine has it, never later: that would cut what the line does in SQL. */
  private EngineReply complete(HeldShard shard, EngineRequest request) throws InterruptedException {
    Thread thread = Thread.currentThread();
    shard.runsOn(thread);
    try {
      return engine.complete(request, settings.requestDeadline());
    } finally {
      shard.ranOn(thread);
      Thread.interrupted();
    }
  }

  private boolean convict(PendingLine line) {
    log.warn(
        "line {} of {} is not run again: {} workers ended while they ran it",
        line.line(),
        line.shard().lease(),
        line.strikes().strikes());
    return fail(line, "engine_crash", ENGINE_CRASH);
  }

  /** Says whether the line has a result to settle. */
  private boolean conclude(PendingLine line, EngineReply reply) {
    return switch (settings.retry().decide(line.tries(), reply, random)) {
      case Verdict.Answer(boolean succeeded) ->
          answer(line, succeeded, (EngineReply.Answered) reply);
      case Verdict.NoAnswer(String code, String message) -> fail(line, code, message);
      case Verdict.RetryAfter(Duration delay) -> later(line.triedAgain(), delay);
      case Verdict.Wait(Duration delay) -> later(line, delay);
      case Verdict.Strike(String reason) -> strike(line, reason);
    };
  }

  /** One of the lines that the engine had may have killed it: all are suspects from now on. */
  private boolean strike(PendingLine line, String reason) {
    boolean alone = line.strikes().lone();
    log.warn("line {} of {} was lost: {}", line.line(), line.shard().lease(), reason);
    try {
      whenStruck.accept(new LineKey(batch(line), line.line()), alone);
    } catch (RuntimeException e) {
      // It is remembered under this lease at least; the line is not to blame for the database.
      log.warn("the strike of line {} of {} is not stored", line.line(), line.shard().lease(), e);
    }
    return later(line.struck(alone), LATER);
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
    threads.later(delay, () -> held.putBack(line));
    return false;
  }

  private static BatchId batch(PendingLine line) {
    return line.shard().lease().key().batch();
  }
}
