package dev.stoker.worker.model;

import dev.stoker.model.ModelDefinition;
import dev.stoker.model.ModelEngine;
import dev.stoker.worker.engine.ChangeListeners;
import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineRequest;
import dev.stoker.worker.engine.EngineState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One engine to the rest of the worker: that of the model which is in memory. There is at most one.
 * {@link #leave}, {@link #unload} and {@link #load} are for one thread.
 */
public final class SwappingEngine implements Engine {

  /** A model in memory, or on its way there. */
  private static final class Loading {
    private final Model model;
    private final long sinceNanos;
    private volatile Engine engine;
    private volatile Optional<Duration> took = Optional.empty();
    private volatile Optional<String> failure = Optional.empty();

    Loading(Model model, long sinceNanos) {
      this.model = model;
      this.sinceNanos = sinceNanos;
    }
  }

  private final List<Model> models;
  private final LongSupplier nanoTime;
  private final Consumer<String> whenLost;
  private final ChangeListeners listeners = new ChangeListeners();
  private final AtomicLong steps = new AtomicLong();
  private volatile Optional<Loading> current = Optional.empty();
  private volatile boolean leaving;
  private volatile boolean hopeless;

  /**
   * Loads the model at once if it is the only one.
   *
   * @param models at least one
   * @param whenLost told why only a new process can go on; a model that cannot be loaded is none
   */
  SwappingEngine(List<Model> models, LongSupplier nanoTime, Consumer<String> whenLost) {
    this.models = List.copyOf(models);
    this.nanoTime = nanoTime;
    this.whenLost = whenLost;
    if (models.size() == 1) {
      load(models.getFirst());
    }
  }

  /** An engine that is there and stays. */
  public static SwappingEngine of(Engine engine, LongSupplier nanoTime) {
    ModelDefinition definition =
        new ModelDefinition(
            "engine",
            List.of(),
            ModelEngine.NULL,
            "given",
            Optional.empty(),
            Optional.of(engine.slotsMax()),
            Optional.empty(),
            "");
    return new SwappingEngine(
        List.of(new Model(definition, true, engine.slotsMax(), _ -> engine)), nanoTime, _ -> {});
  }

  List<Model> all() {
    return models;
  }

  /** What the registry is to know: of a model that nobody has named, what its engine has told. */
  List<ModelDefinition> definitions() {
    return models.stream()
        .flatMap(
            model ->
                model.discovered()
                    ? discovered().stream().map(model.definition()::named)
                    : Stream.of(model.definition()))
        .toList();
  }

  /** The model in memory or on its way there. */
  Optional<Model> model() {
    return current.map(loading -> loading.model);
  }

  /** For how long it has been there. */
  Duration held() {
    return current
        .map(loading -> Duration.ofNanos(nanoTime.getAsLong() - loading.sinceNanos))
        .orElse(Duration.ZERO);
  }

  /** How long it took to load; empty while it loads. */
  Optional<Duration> loadTook() {
    return current.flatMap(loading -> loading.took);
  }

  /** Why it could not be loaded. */
  Optional<String> failure() {
    return current.flatMap(loading -> loading.failure);
  }

  /** Takes no further request; those in flight are answered. */
  void leave() {
    leaving = true;
    listeners.changed();
  }

  /** Frees the model. Nothing may be in flight. */
  void unload() {
    Optional<Loading> old = current;
    current = Optional.empty();
    old.ifPresent(loading -> steps.addAndGet(loading.engine.loadingSteps() + 1));
    old.ifPresent(loading -> loading.engine.close());
    listeners.changed();
  }

  /** Begins to load a model; none may be in memory. */
  void load(Model model) {
    hopeless = false;
    leaving = false;
    Loading loading = new Loading(model, nanoTime.getAsLong());
    loading.engine = open(loading);
    current = Optional.of(loading);
    loading.engine.onChange(() -> changed(loading));
  }

  /** Only a new process can go on. */
  void lost(String reason) {
    whenLost.accept(reason);
  }

  /** No model can be loaded until something changes outside. */
  void giveUp() {
    hopeless = true;
    listeners.changed();
  }

  private Engine open(Loading loading) {
    try {
      return loading.model.opening().open(reason -> broken(loading, reason));
    } catch (RuntimeException e) {
      broken(loading, e.toString());
      return new Unopened();
    }
  }

  private void changed(Loading loading) {
    if (loading.took.isEmpty() && loading.engine.probe() == EngineState.READY) {
      loading.took = Optional.of(Duration.ofNanos(nanoTime.getAsLong() - loading.sinceNanos));
    }
    listeners.changed();
  }

  private void broken(Loading loading, String reason) {
    if (loading.took.isPresent()) {
      whenLost.accept(reason);
    } else {
      loading.failure = Optional.of(reason);
      listeners.changed();
    }
  }

  @Override
  public Set<String> models() {
    return models.stream().flatMap(model -> names(model).stream()).collect(Collectors.toSet());
  }

  /** A model that is not configured by name has the names that its engine tells. */
  private Set<String> names(Model model) {
    return model.discovered() ? discovered() : model.names();
  }

  /** As {@link #names} say, which would be made anew for each line. */
  private boolean answersTo(Model model, String name) {
    return model.discovered() ? discovered().contains(name) : model.definition().answersTo(name);
  }

  private Set<String> discovered() {
    return current.map(loading -> loading.engine.models()).orElse(Set.of());
  }

  @Override
  public Set<String> loadedModels() {
    return leaving ? Set.of() : current.map(loading -> names(loading.model)).orElse(Set.of());
  }

  @Override
  public String loadedModel() {
    return current
        .filter(loading -> loading.took.isPresent())
        .map(
            loading ->
                loading.model.discovered() ? loading.engine.loadedModel() : loading.model.name())
        .orElse("");
  }

  @Override
  public int slots() {
    return current.map(loading -> loading.engine.slots()).orElse(1);
  }

  @Override
  public int slotsMax() {
    return models.stream().mapToInt(Model::slotsMax).max().orElseThrow();
  }

  @Override
  public EngineReply complete(EngineRequest request, Duration deadline)
      throws InterruptedException {
    Optional<Loading> now = current;
    return now.isPresent() && answersTo(now.get().model, request.model())
        ? now.get().engine.complete(request, deadline)
        : new EngineReply.Unreachable("the model " + request.model() + " is not in memory");
  }

  @Override
  public Optional<EngineRequest> canary() {
    return current.flatMap(
        loading -> loading.engine.canary().map(canary -> named(loading.model, canary)));
  }

  /** As a request that names the model here; its engine may know it by another name. */
  private static EngineRequest named(Model model, EngineRequest canary) {
    return model.discovered()
        ? canary
        : new EngineRequest(canary.endpoint(), model.name(), canary.body());
  }

  @Override
  public long loadingSteps() {
    return steps.get() + current.map(loading -> loading.engine.loadingSteps()).orElse(0L);
  }

  @Override
  public EngineState probe() {
    return current
        .filter(loading -> loading.failure.isEmpty())
        .map(loading -> loading.engine.probe())
        .orElse(hopeless ? EngineState.DOWN : EngineState.STARTING);
  }

  @Override
  public void onChange(Runnable action) {
    listeners.add(action);
  }

  @Override
  public void close() {
    unload();
  }

  /** What could not even begin to load. */
  private static final class Unopened implements Engine {
    @Override
    public Set<String> models() {
      return Set.of();
    }

    @Override
    public String loadedModel() {
      return "";
    }

    @Override
    public int slots() {
      return 1;
    }

    @Override
    public EngineReply complete(EngineRequest request, Duration deadline) {
      return new EngineReply.Unreachable("the engine could not be started");
    }

    @Override
    public EngineState probe() {
      return EngineState.DOWN;
    }

    @Override
    public void close() {}
  }
}
