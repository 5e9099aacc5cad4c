package dev.stoker.worker.engine.llama;

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
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers with a GGUF model in this process: {@code /v1/chat/completions} and {@code
 * /v1/completions}, or {@code /v1/embeddings} if it is set to. Loads it in the background; a
 * request that comes before waits within its deadline.
 */
public final class LlamaEngine implements Engine {
  private static final Logger log = LoggerFactory.getLogger(LlamaEngine.class);

  private static final String CHAT = "/v1/chat/completions";
  private static final String TEXT = "/v1/completions";
  private static final String VECTORS = "/v1/embeddings";

  private final LlamaSettings settings;
  private final InstantSource clock;
  private final LongSupplier nanoTime;
  private final Consumer<String> whenBroken;
  private final ChangeListeners listeners = new ChangeListeners();
  private final AtomicReference<EngineState> state = new AtomicReference<>(EngineState.STARTING);
  private final long beginNanos;
  private final ModelThread model;

  /**
   * @param clock says when an answer was made
   * @param nanoTime tells how much time passes, as {@link System#nanoTime} does
   * @param whenBroken called with the reason when the model cannot be loaded, or broke; only a new
   *     engine may try again
   */
  public LlamaEngine(
      LlamaSettings settings,
      InstantSource clock,
      LongSupplier nanoTime,
      Consumer<String> whenBroken) {
    this.settings = settings;
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.whenBroken = whenBroken;
    this.beginNanos = nanoTime.getAsLong();
    this.model = new ModelThread(settings, new Fate());
    model.start();
  }

  /** What the model's thread reports. */
  private final class Fate implements ModelThread.Owner {

    @Override
    public void ready() {
      state.compareAndSet(EngineState.STARTING, EngineState.READY);
      listeners.changed();
      log.info(
          "Model {} loaded in {} ms from {}: device CPU, {} threads, {} slots, {}",
          settings.model(),
          TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - beginNanos),
          settings.file(),
          settings.threads(),
          settings.slots(),
          settings.answersWithVectors() ? "vectors" : "text");
    }

    @Override
    public void broken(Throwable cause) {
      log.error("Model {} is broken; the engine is down", settings.model(), cause);
      state.set(EngineState.DOWN);
      listeners.changed();
      whenBroken.accept(settings.model() + ": " + cause.getMessage());
    }
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
    if (!endpoints().contains(request.endpoint())) {
      return ErrorReply.endpointNotSupported(settings.model(), request.endpoint(), endpoints())
          .answered();
    }
    return switch (request.endpoint()) {
      case CHAT -> generate(GenerationRequest.chat(request.body()), true, deadline);
      case TEXT -> generate(GenerationRequest.text(request.body()), false, deadline);
      default -> embed(request.body(), deadline);
    };
  }

  private List<String> endpoints() {
    return settings.answersWithVectors() ? List.of(VECTORS) : List.of(CHAT, TEXT);
  }

  private EngineReply generate(GenerationRequest request, boolean chat, Duration deadline)
      throws InterruptedException {
    return switch (request) {
      case GenerationRequest.Refused(ErrorReply error) -> error.answered();
      case GenerationRequest.Accepted(List<Task.Generate> tasks, int prompts) ->
          run(tasks, deadline, endings -> written(endings, prompts, chat));
    };
  }

  private EngineReply written(List<Ending> endings, int prompts, boolean chat) {
    List<Answer> answers =
        endings.stream().map(ending -> ((Ending.Written) ending).answer()).toList();
    GenerationReply reply =
        new GenerationReply(
            HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong()),
            clock.instant().getEpochSecond(),
            settings.model(),
            answers,
            prompts);
    return answered(chat ? reply.chat() : reply.text(), reply.usage());
  }

  private EngineReply embed(byte[] body, Duration deadline) throws InterruptedException {
    long beginNanos = nanoTime.getAsLong();
    ModelThread.Shape shape;
    try {
      shape = model.shape().get(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      return new EngineReply.TimedOut();
    } catch (ExecutionException e) {
      return new EngineReply.Unreachable(e.getCause().getMessage());
    }
    Duration left = deadline.minusNanos(nanoTime.getAsLong() - beginNanos);
    return switch (EmbeddingsRequest.parse(body, shape.vocabulary(), shape.dimensions())) {
      case EmbeddingsRequest.Refused(ErrorReply error) -> error.answered();
      case EmbeddingsRequest.Accepted(var inputs, boolean base64) ->
          run(
              inputs.stream().map(input -> new Task.Embed(prompt(input))).toList(),
              left,
              endings -> embedded(endings, base64));
    };
  }

  private static Task.Prompt prompt(EmbeddingsRequest.Input input) {
    return switch (input) {
      case EmbeddingsRequest.Input.Text(String text) -> new Task.Prompt.Text(text);
      case EmbeddingsRequest.Input.Tokens(long[] ids) ->
          new Task.Prompt.Tokens(Arrays.stream(ids).mapToInt(id -> (int) id).toArray());
    };
  }

  private EngineReply embedded(List<Ending> endings, boolean base64) {
    List<Ending.Embedded> vectors =
        endings.stream().map(ending -> (Ending.Embedded) ending).toList();
    long tokens = vectors.stream().mapToLong(Ending.Embedded::tokens).sum();
    return answered(
        EmbeddingsReply.of(
            settings.model(),
            vectors.stream().map(Ending.Embedded::vector).toList(),
            base64,
            tokens),
        TokenUsage.input(tokens));
  }

  private static EngineReply answered(byte[] body, TokenUsage usage) {
    return new EngineReply.Answered(200, body, usage, Optional.empty());
  }

  @FunctionalInterface
  private interface Success {
    EngineReply reply(List<Ending> endings);
  }

  /** Does all tasks side by side. The first that does not succeed speaks for all. */
  private EngineReply run(List<? extends Task> tasks, Duration deadline, Success success)
      throws InterruptedException {
    long endNanos = nanoTime.getAsLong() + deadline.toNanos();
    List<Job> jobs = tasks.stream().map(Job::new).toList();
    jobs.forEach(model::submit);
    try {
      List<Ending> endings = new ArrayList<>();
      for (Job job : jobs) {
        Ending ending = job.ending().get(endNanos - nanoTime.getAsLong(), TimeUnit.NANOSECONDS);
        Optional<EngineReply> failure = failure(ending);
        if (failure.isPresent()) {
          return failure.get();
        }
        endings.add(ending);
      }
      return success.reply(endings);
    } catch (TimeoutException _) {
      return new EngineReply.TimedOut();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } finally {
      // What has ended stays as it is.
      jobs.forEach(job -> job.ending().cancel(false));
    }
  }

  private static Optional<EngineReply> failure(Ending ending) {
    return switch (ending) {
      case Ending.Written _, Ending.Embedded _ -> Optional.empty();
      case Ending.Refused(ErrorReply error) -> Optional.of(error.answered());
      case Ending.Stopped(String reason) -> Optional.of(new EngineReply.Unreachable(reason));
      case Ending.Broken(String reason) -> Optional.of(new EngineReply.Lost(reason));
    };
  }

  @Override
  public Optional<EngineRequest> canary() {
    String body =
        settings.answersWithVectors() ? "{\"input\":\"a\"}" : "{\"prompt\":\"a\",\"max_tokens\":1}";
    String endpoint = settings.answersWithVectors() ? VECTORS : TEXT;
    return Optional.of(new EngineRequest(endpoint, settings.model(), body.getBytes(UTF_8)));
  }

  /** Also grows with each batch, so that one long answer does not look like none. */
  @Override
  public long loadingSteps() {
    return model.steps();
  }

  @Override
  public EngineState probe() {
    return state.get();
  }

  @Override
  public void onChange(Runnable action) {
    listeners.add(action);
  }

  /** Returns when the model's memory is free, unless a step takes more than 30 seconds. */
  @Override
  public void close() {
    state.set(EngineState.DOWN);
    model.close();
  }
}
