package dev.stoker.worker.engine;

import dev.stoker.loop.Loop;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An engine whose steps are counted, so that a slow one can be told from a stuck one. While
 * requests are in flight and none is answered for a while, it is asked something tiny; an answer to
 * that is a step too. There is never more than one such question, whose thread is always the same.
 */
public final class WatchedEngine implements Engine {
  private static final Logger log = LoggerFactory.getLogger(WatchedEngine.class);

  private final Engine engine;
  private final Duration canaryAfter;
  private final LongSupplier nanoTime;
  private final AtomicLong answers = new AtomicLong();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final Loop canary;
  private volatile long quietSinceNanos;

  /**
   * @param canaryAfter how long nothing may be answered before the engine is asked; also how long
   *     it may take for the answer
   */
  public WatchedEngine(Engine engine, Duration canaryAfter, LongSupplier nanoTime) {
    this.engine = engine;
    this.canaryAfter = canaryAfter;
    this.nanoTime = nanoTime;
    this.canary = new Loop("canary", canaryAfter.dividedBy(4), this::askWhenQuiet);
  }

  /** Begins to ask when it is quiet. */
  public WatchedEngine start() {
    canary.start();
    return this;
  }

  /** Moves whenever the engine shows that it works. */
  public long steps() {
    return answers.get() + engine.loadingSteps();
  }

  @Override
  public EngineReply complete(EngineRequest request, Duration deadline)
      throws InterruptedException {
    if (inFlight.getAndIncrement() == 0) {
      quietSinceNanos = nanoTime.getAsLong();
    }
    try {
      return noted(engine.complete(request, deadline));
    } finally {
      inFlight.decrementAndGet();
    }
  }

  /** One look; says that there is nothing more to do at once. */
  private boolean askWhenQuiet() throws InterruptedException {
    Optional<EngineRequest> request = engine.canary();
    boolean quiet = inFlight.get() > 0 && quietFor().compareTo(canaryAfter) >= 0;
    if (quiet && request.isEmpty()) {
      // Nobody can tell slow from stuck: the deadline of each request has to do.
      answers.incrementAndGet();
    } else if (quiet) {
      EngineReply reply = noted(engine.complete(request.get(), canaryAfter));
      log.info(
          "{} requests in flight and none answered for a while; the canary: {}",
          inFlight.get(),
          reply.getClass().getSimpleName());
    }
    return false;
  }

  private Duration quietFor() {
    return Duration.ofNanos(nanoTime.getAsLong() - quietSinceNanos);
  }

  private EngineReply noted(EngineReply reply) {
    if (reply instanceof EngineReply.Answered) {
      quietSinceNanos = nanoTime.getAsLong();
      answers.incrementAndGet();
    }
    return reply;
  }

  @Override
  public Set<String> models() {
    return engine.models();
  }

  @Override
  public String loadedModel() {
    return engine.loadedModel();
  }

  @Override
  public Set<String> loadedModels() {
    return engine.loadedModels();
  }

  @Override
  public int slots() {
    return engine.slots();
  }

  @Override
  public int slotsMax() {
    return engine.slotsMax();
  }

  @Override
  public EngineState probe() {
    return engine.probe();
  }

  @Override
  public void onChange(Runnable action) {
    engine.onChange(action);
  }

  @Override
  public void close() {
    canary.interrupt();
    engine.close();
  }
}
