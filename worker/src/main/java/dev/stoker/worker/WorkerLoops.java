package dev.stoker.worker;

import dev.stoker.batch.BatchEndTable;
import dev.stoker.database.Database;
import dev.stoker.health.GpuPin;
import dev.stoker.health.GpuTable;
import dev.stoker.health.HostName;
import dev.stoker.health.LocalBeat;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerId;
import dev.stoker.id.OrderedIds;
import dev.stoker.model.ModelTable;
import dev.stoker.queue.InFlightFile;
import dev.stoker.queue.LineKey;
import dev.stoker.queue.LineStrikeTable;
import dev.stoker.queue.ShardTable;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.engine.WatchedEngine;
import dev.stoker.worker.execute.Dispatcher;
import dev.stoker.worker.execute.ExecuteSettings;
import dev.stoker.worker.execute.LineThreads;
import dev.stoker.worker.heartbeat.HeartbeatLoop;
import dev.stoker.worker.heartbeat.Progress;
import dev.stoker.worker.lease.ClaimLoop;
import dev.stoker.worker.lease.HeldShards;
import dev.stoker.worker.lease.LeaseSettings;
import dev.stoker.worker.lease.RenewLoop;
import dev.stoker.worker.liveness.InnerWatchdog;
import dev.stoker.worker.model.GpuMemory;
import dev.stoker.worker.model.ModelMemory;
import dev.stoker.worker.model.SwapLoop;
import dev.stoker.worker.model.SwappingEngine;
import dev.stoker.worker.settle.Settler;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The loops of one worker, put together: everything but the process around them. */
final class WorkerLoops {
  private static final Logger log = LoggerFactory.getLogger(WorkerLoops.class);

  /** A driver may take its time to free what a process held. */
  private static final Duration GPU_PATIENCE = Duration.ofSeconds(30);

  private final WatchedEngine engine;
  private final LongSupplier nanoTime;
  private final HeldShards held;
  private final ClaimLoop claims;
  private final RenewLoop renewals;
  private final AtomicLong dispatches = new AtomicLong();
  private final BooleanSupplier dispatchMustWait;
  private final Dispatcher dispatcher;
  private final Settler settler;
  private final SwapLoop swaps;
  private final HeartbeatLoop heartbeat;

  /**
   * @param models what {@code engine} watches
   * @param modelWaitMax how long work may wait for its model
   * @param gpus those that it may use
   * @param heartbeatDatabase a connection that nothing else uses
   * @param inFlight with room for as many lines as the engine may ever have slots
   * @param whenFenced ends the process: a successor has been appointed
   */
  WorkerLoops(
      WorkerId id,
      Database database,
      Database heartbeatDatabase,
      SwappingEngine models,
      Duration modelWaitMax,
      GpuPin gpus,
      WatchedEngine engine,
      Duration heartbeatEvery,
      LeaseSettings leaseSettings,
      ExecuteSettings executeSettings,
      LongSupplier nanoTime,
      InFlightFile inFlight,
      Runnable whenFenced) {
    this.engine = engine;
    this.nanoTime = nanoTime;
    ShardTable shards = new ShardTable(database.jdbc());
    BatchEndTable batchEnd =
        new BatchEndTable(
            database.jdbc(), database.transactions(), new OrderedIds(InstantSource.system()));
    this.held = new HeldShards(engine::slots, nanoTime);
    Progress progress = new Progress(nanoTime);
    BooleanSupplier nothingRuns = () -> held.running() == 0 && held.waiting() == 0;
    this.settler =
        new Settler(
            shards,
            batchEnd,
            held,
            progress,
            engine.slotsMax() + Settler.LINES_WAITING_MAX,
            nothingRuns);
    this.claims = new ClaimLoop(shards, held, engine, id.holder(), leaseSettings, nanoTime);
    this.renewals = new RenewLoop(shards, held, leaseSettings, nanoTime);
    this.dispatcher =
        new Dispatcher(
            held,
            settler,
            engine,
            executeSettings,
            RandomGenerator.getDefault(),
            nanoTime,
            inFlight,
            strikes(database, id),
            this::lineTaken,
            LineThreads.virtual());
    this.swaps =
        new SwapLoop(
            models,
            modelWaitMax,
            held,
            shards,
            new ModelTable(database.jdbc()),
            new ModelMemory(
                new GpuMemory(new GpuTable(database.jdbc()), HostName.read(), gpus),
                GPU_PATIENCE,
                nanoTime),
            nanoTime);
    this.dispatchMustWait = () -> !held.anyReady() || settler.full();
    this.heartbeat =
        new HeartbeatLoop(
            new WorkerHeartbeatTable(heartbeatDatabase.jdbc()),
            id,
            heartbeatEvery,
            engine,
            dispatcher::inFlight,
            progress,
            swaps::swaps,
            nanoTime,
            whenFenced);
  }

  /** Each line that is lost with an engine is told once, so that each is a death of its own. */
  private static BiConsumer<LineKey, Boolean> strikes(Database database, WorkerId id) {
    LineStrikeTable table = new LineStrikeTable(database.jdbc());
    AtomicLong deaths = new AtomicLong();
    return (line, alone) ->
        table.strike(id.holder() + "/engine/" + deaths.incrementAndGet(), line, alone);
  }

  /** What an inner watchdog watches of them. */
  InnerWatchdog.Watched watched(Optional<LocalBeat> beat) {
    return new InnerWatchdog.Watched(
        Map.of(
            "heartbeat", heartbeat::turns,
            "settle", settler::turns,
            "renew", renewals::turns,
            "dispatch", this::dispatchTurns,
            "claim", claims::turns),
        "heartbeat",
        () ->
            beat.ifPresent(
                file ->
                    file.beat(
                        engine.steps(),
                        dispatcher.inFlight(),
                        engine.probe() == EngineState.STARTING)));
  }

  /** A dispatcher turns with every line; one that must wait for others does not hang. */
  private long dispatchTurns() {
    return dispatchMustWait.getAsBoolean() ? dispatches.incrementAndGet() : dispatches.get();
  }

  private void lineTaken() {
    dispatches.incrementAndGet();
    claims.lineTaken();
  }

  void start() {
    engine.start();
    heartbeat.start();
    settler.start();
    renewals.start();
    dispatcher.start();
    claims.start();
    swaps.start();
    engine.onChange(claims::wake);
    engine.onChange(heartbeat::wake);
    engine.onChange(swaps::wake);
    engine.onChange(held::slotsChanged);
  }

  /**
   * Stop claiming, let finish what runs, store it, give the rest back, say goodbye; in this order.
   */
  void drain(Duration grace) {
    log.info("draining: no further claims, {} requests in flight", dispatcher.inFlight());
    swaps.close();
    claims.drain();
    // After the claims: who is seen to drain starts nothing any more.
    heartbeat.drain();
    boolean finished = await(grace, () -> settler.idle() && claims.idle());
    claims.close();
    dispatcher.close();
    if (!finished) {
      log.warn("giving back what did not finish within {} s", grace.toSeconds());
    }
    // Also what the claim under way brought in while the rest finished.
    if (!claims.idle()) {
      attempt("giving back the leases", claims::giveBackAll);
    }
    renewals.close();
    settler.close();
    attempt("the last heartbeat", heartbeat::stop);
    engine.close();
  }

  private static void attempt(String what, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      log.warn("{} failed; the leases will run out instead", what, e);
    }
  }

  private boolean await(Duration patience, BooleanSupplier condition) {
    CountDownLatch never = new CountDownLatch(1);
    long deadlineNanos = nanoTime.getAsLong() + patience.toNanos();
    try {
      while (!condition.getAsBoolean()) {
        if (nanoTime.getAsLong() - deadlineNanos >= 0 || never.await(20, TimeUnit.MILLISECONDS)) {
          return condition.getAsBoolean();
        }
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
