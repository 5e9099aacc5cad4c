package dev.stoker.worker.model;

import dev.stoker.health.ModelSwaps;
import dev.stoker.loop.Loop;
import dev.stoker.model.LoadFailure;
import dev.stoker.model.ModelTable;
import dev.stoker.queue.ShardTable;
import dev.stoker.queue.WaitingModel;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.lease.HeldShards;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps in memory the model whose turn it is, and tells the registry how loading goes. A swap takes
 * no further line of the old model, lets what runs finish, frees it, sees that its memory is back,
 * and loads the new one.
 */
public final class SwapLoop implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SwapLoop.class);

  /** Failures in a row after which nobody tries to load a model again. */
  private static final int FAILURES_MAX = 3;

  private static final Duration LOOK = Duration.ofMillis(200);
  private static final Duration RETRY_DELAY = Duration.ofSeconds(1);

  private final SwappingEngine engine;
  private final SwapPolicy policy;
  private final HeldShards held;
  private final ShardTable shards;
  private final ModelTable registry;
  private final ModelMemory memory;
  private final LongSupplier nanoTime;
  private final Loop loop;
  private final long startedNanos;

  private final Map<String, Long> leftNanos = new HashMap<>();
  private final Map<String, Long> retryNanos = new HashMap<>();
  private Set<String> registered = Set.of();
  private boolean loadTold;
  private Optional<Model> successor = Optional.empty();
  private Optional<Long> swapSinceNanos = Optional.empty();
  private final AtomicLong swaps = new AtomicLong();
  private volatile Optional<Duration> lastSwap = Optional.empty();

  public SwapLoop(
      SwappingEngine engine,
      Duration waitMax,
      HeldShards held,
      ShardTable shards,
      ModelTable registry,
      ModelMemory memory,
      LongSupplier nanoTime) {
    this.engine = engine;
    this.policy = new SwapPolicy(waitMax);
    this.held = held;
    this.shards = shards;
    this.registry = registry;
    this.memory = memory;
    this.nanoTime = nanoTime;
    this.startedNanos = nanoTime.getAsLong();
    this.loop = new Loop("swap", LOOK, this::runOnce);
  }

  public void start() {
    loop.start();
  }

  /** Something may have changed: a load has ended, or there is nothing left to run. */
  public void wake() {
    loop.wake();
  }

  /** What people are told. */
  public ModelSwaps swaps() {
    String loading =
        engine.loadTook().isPresent() ? "" : engine.model().map(Model::name).orElse("");
    return new ModelSwaps(loading, swaps.get(), lastSwap);
  }

  @Override
  public void close() {
    loop.interrupt();
    loop.close();
  }

  boolean runOnce() throws InterruptedException {
    register();
    if (engine.failure().isPresent()) {
      takeBack(engine.failure().get());
      return false;
    }
    if (engine.model().isPresent() && engine.probe() == EngineState.STARTING) {
      return false;
    }
    tellLoaded();
    if (successor.isEmpty()) {
      successor = choose();
      successor.ifPresent(_ -> engine.leave());
    }
    if (successor.isPresent() && held.isEmpty()) {
      swapTo(successor.get());
      successor = Optional.empty();
    }
    return false;
  }

  /** Once, and again when an engine has told names that nobody knew before. */
  private void register() {
    Set<String> names = engine.models();
    if (!names.equals(registered)) {
      registry.register(engine.definitions());
      registered = names;
    }
  }

  private void tellLoaded() {
    if (loadTold || engine.loadTook().isEmpty()) {
      return;
    }
    Duration took = engine.loadTook().get();
    String model = engine.model().orElseThrow().name();
    registry.loaded(model, took);
    loadTold = true;
    swapSinceNanos.ifPresent(
        since -> {
          lastSwap = Optional.of(Duration.ofNanos(nanoTime.getAsLong() - since));
          swaps.incrementAndGet();
          log.info(
              "swapped to {} in {} ms, of which {} ms were loading",
              model,
              lastSwap.get().toMillis(),
              took.toMillis());
        });
    swapSinceNanos = Optional.empty();
  }

  private Optional<Model> choose() {
    if (engine.model().isPresent() && engine.all().size() == 1) {
      return Optional.empty();
    }
    List<Model> loadable = loadable();
    List<SwapPolicy.Demand> demands = demands(loadable);
    // Only then: what was claimed meanwhile is no demand any more, and must be seen to be held.
    Optional<String> next = policy.next(inMemory(), demands);
    if (next.isPresent()) {
      return loadable.stream().filter(model -> model.name().equals(next.get())).findFirst();
    }
    if (engine.model().isPresent()) {
      return Optional.empty();
    }
    if (loadable.isEmpty() && retryNanos.isEmpty()) {
      engine.giveUp();
    }
    return loadable.stream().findFirst();
  }

  /** The models that are not known to be broken, nor to have failed a moment ago. */
  private List<Model> loadable() {
    long now = nanoTime.getAsLong();
    retryNanos.values().removeIf(at -> now - at >= 0);
    Set<String> quarantined = registry.quarantined().keySet();
    return engine.all().stream()
        .filter(model -> !quarantined.contains(model.name()))
        .filter(model -> !retryNanos.containsKey(model.name()))
        .toList();
  }

  private Optional<SwapPolicy.Loaded> inMemory() {
    return engine
        .model()
        .map(model -> new SwapPolicy.Loaded(model.name(), engine.held(), !held.isEmpty()));
  }

  private List<SwapPolicy.Demand> demands(List<Model> loadable) {
    Map<String, Model> byName = new HashMap<>();
    loadable.forEach(model -> model.names().forEach(name -> byName.put(name, model)));
    Map<String, SwapPolicy.Demand> demands = new HashMap<>();
    List<WaitingModel> waiting = new ArrayList<>(shards.waiting(byName.keySet()));
    for (int rank = 0; rank < waiting.size(); rank++) {
      String model = byName.get(waiting.get(rank).model()).name();
      Duration waits = shorter(waiting.get(rank).waiting(), sinceLeft(model));
      demands.merge(
          model,
          new SwapPolicy.Demand(model, waits, rank),
          (one, other) ->
              new SwapPolicy.Demand(
                  model, longer(one.waits(), other.waits()), Math.min(one.rank(), other.rank())));
    }
    return List.copyOf(demands.values());
  }

  private Duration sinceLeft(String model) {
    long left = leftNanos.getOrDefault(model, startedNanos);
    return Duration.ofNanos(nanoTime.getAsLong() - left);
  }

  private void swapTo(Model next) throws InterruptedException {
    engine.model().ifPresent(_ -> swapSinceNanos = Optional.of(nanoTime.getAsLong()));
    unload();
    Optional<String> shortage = memory.shortage(next.definition().memoryBytes());
    if (shortage.isPresent()) {
      failed(next, shortage.get());
      return;
    }
    log.info("loading the model {}: {}", next.name(), next.definition().source());
    memory.loading();
    loadTold = false;
    engine.load(next);
  }

  private void unload() throws InterruptedException {
    Optional<Model> old = engine.model();
    if (old.isEmpty()) {
      return;
    }
    long begun = nanoTime.getAsLong();
    memory.leaving();
    engine.unload();
    if (!memory.isBack(old.get().name())) {
      engine.lost("the memory of " + old.get().name() + " is not given back");
    }
    leftNanos.put(old.get().name(), nanoTime.getAsLong());
    registry.unloaded(old.get().name(), Duration.ofNanos(nanoTime.getAsLong() - begun));
  }

  private void takeBack(String reason) {
    Model model = engine.model().orElseThrow();
    if (model.discovered()) {
      // Nobody has named it, so that there is nothing to quarantine: a new process tries again.
      engine.lost(reason);
      return;
    }
    failed(model, reason);
    engine.unload();
  }

  private void failed(Model model, String reason) {
    LoadFailure failure = registry.failed(model.name(), reason, FAILURES_MAX);
    Duration delay = RETRY_DELAY.multipliedBy(1L << Math.min(failure.count(), 6));
    retryNanos.put(model.name(), nanoTime.getAsLong() + delay.toNanos());
    if (failure.quarantined()) {
      log.error(
          "The model {} is quarantined: it could not be loaded {} times in a row, the last time: {}."
              + " When that is mended: scripts/stoker models reset {}",
          model.name(),
          failure.count(),
          reason,
          model.name());
    } else {
      log.warn(
          "The model {} could not be loaded, failure {} in a row: {}",
          model.name(),
          failure.count(),
          reason);
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) <= 0 ? one : other;
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) >= 0 ? one : other;
  }
}
