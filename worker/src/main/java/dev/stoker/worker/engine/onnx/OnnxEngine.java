package dev.stoker.worker.engine.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.worker.engine.ChangeListeners;
import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineRequest;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.engine.TokenUsage;
import dev.stoker.worker.engine.body.EmbeddingsReply;
import dev.stoker.worker.engine.body.EmbeddingsRequest;
import dev.stoker.worker.engine.body.ErrorReply;
import dev.stoker.worker.engine.onnx.EmbeddingJob.Ending;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@code /v1/embeddings} with a model in this process. Loads it in the background; a
 * request that comes before waits within its deadline.
 */
public final class OnnxEngine implements Engine {
  private static final Logger LOG = LoggerFactory.getLogger(OnnxEngine.class);
  private static final String ENDPOINT = "/v1/embeddings";

  private final OnnxSettings settings;
  private final MicroBatcher batcher;
  private final Runnable whenBroken;
  private final AtomicLong loadingSteps;
  private final ChangeListeners listeners = new ChangeListeners();
  private final AtomicReference<EngineState> state = new AtomicReference<>(EngineState.STARTING);

  /**
   * @param cache where the model is unpacked, once for all starts
   * @param nanoTicker tells how much time passes, as {@link System#nanoTime} does
   * @param whenBroken called when the model cannot be loaded; only a new process may try again
   */
  public OnnxEngine(
      OnnxSettings settings, Path cache, LongSupplier nanoTicker, Runnable whenBroken) {
    this(settings, cache, nanoTicker, whenBroken, new AtomicLong());
  }

  private OnnxEngine(
      OnnxSettings settings,
      Path cache,
      LongSupplier nanoTicker,
      Runnable whenBroken,
      AtomicLong steps) {
    this(
        settings,
        nanoTicker,
        whenBroken,
        steps,
        () ->
            MiniLm.load(settings.model(), settings.textTokensMax(), cache, steps::incrementAndGet));
  }

  OnnxEngine(
      OnnxSettings settings,
      LongSupplier nanoTicker,
      Runnable whenBroken,
      Callable<SentenceModel> source) {
    this(settings, nanoTicker, whenBroken, new AtomicLong(), source);
  }

  private OnnxEngine(
      OnnxSettings settings,
      LongSupplier nanoTicker,
      Runnable whenBroken,
      AtomicLong loadingSteps,
      Callable<SentenceModel> source) {
    this.loadingSteps = loadingSteps;
    this.settings = settings;
    this.whenBroken = whenBroken;
    this.batcher = new MicroBatcher(settings);
    Thread.ofPlatform().daemon().name("onnx-load").start(() -> load(source, nanoTicker));
  }

  @Override
  public Set<String> models() {
    return Set.of(settings.model());
  }

  @Override
  public String loadedModel() {
    return state.get() == EngineState.READY ? settings.model() : "";
  }

  @Override
  public int slots() {
    return settings.slots();
  }

  @Override
  public EngineReply complete(EngineRequest request, Duration deadline)
      throws InterruptedException {
    if (!request.model().equals(settings.model())) {
      return ErrorReply.modelNotFound(request.model()).answered();
    }
    if (!request.endpoint().equals(ENDPOINT)) {
      return ErrorReply.endpointNotSupported(request.model(), request.endpoint(), Set.of(ENDPOINT))
          .answered();
    }
    return switch (EmbeddingsRequest.parse(request.body(), MiniLm.VOCABULARY, MiniLm.DIMENSIONS)) {
      case EmbeddingsRequest.Refused(ErrorReply error) -> error.answered();
      case EmbeddingsRequest.Accepted accepted -> embed(accepted, deadline);
    };
  }

  @Override
  public Optional<EngineRequest> canary() {
    String body = "{\"model\":\"" + settings.model() + "\",\"input\":\"a\"}";
    return Optional.of(new EngineRequest(ENDPOINT, settings.model(), body.getBytes(UTF_8)));
  }

  @Override
  public long loadingSteps() {
    return loadingSteps.get();
  }

  @Override
  public EngineState probe() {
    return state.get();
  }

  @Override
  public void onChange(Runnable action) {
    listeners.add(action);
  }

  @Override
  public void close() {
    state.set(EngineState.DOWN);
    batcher.stop("the embedding engine was closed");
  }

  private void load(Callable<SentenceModel> source, LongSupplier nanoTicker) {
    long begin = nanoTicker.getAsLong();
    try {
      SentenceModel model = source.call();
      state.compareAndSet(EngineState.STARTING, EngineState.READY);
      batcher.start(model);
      listeners.changed();
      LOG.info(
          "Embedding model {} loaded in {} ms: device CPU, {} threads,"
              + " at most {} texts and {} tokens a batch, {} tokens a text, {} slots",
          settings.model(),
          TimeUnit.NANOSECONDS.toMillis(nanoTicker.getAsLong() - begin),
          settings.threads(),
          settings.batchTextsMax(),
          settings.batchTokensMax(),
          settings.textTokensMax(),
          settings.slots());
    } catch (Throwable e) { // A native library that does not link is an Error.
      LOG.error("Embedding model {} could not be loaded; the engine is down", settings.model(), e);
      state.set(EngineState.DOWN);
      listeners.changed();
      batcher.stop("the embedding model " + settings.model() + " could not be loaded: " + e);
      whenBroken.run();
    }
  }

  private EngineReply embed(EmbeddingsRequest.Accepted accepted, Duration deadline)
      throws InterruptedException {
    EmbeddingJob job = new EmbeddingJob(accepted.inputs());
    batcher.submit(job);
    try {
      return reply(job.await(deadline), accepted.base64());
    } catch (TimeoutException _) {
      batcher.withdraw(job);
      return new EngineReply.TimedOut();
    } catch (InterruptedException e) {
      batcher.withdraw(job);
      throw e;
    }
  }

  private EngineReply reply(Ending ending, boolean base64) {
    return switch (ending) {
      case Ending.Embedded(var vectors, long tokens) ->
          new EngineReply.Answered(
              200,
              EmbeddingsReply.of(settings.model(), vectors, base64, tokens),
              TokenUsage.input(tokens),
              Optional.empty());
      case Ending.Broken(String reason) -> ErrorReply.broken(reason).answered();
      case Ending.Stopped(String reason) -> new EngineReply.Unreachable(reason);
    };
  }
}
