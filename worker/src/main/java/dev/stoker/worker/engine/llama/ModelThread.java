package dev.stoker.worker.engine.llama;

import dev.stoker.worker.engine.body.ErrorReply;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that has the model: loads it, works as long as there are jobs, and frees it. A
 * platform thread, since native calls would hold the carriers that all else needs.
 */
final class ModelThread {
  private static final Logger log = LoggerFactory.getLogger(ModelThread.class);

  /** How long the model may take for the step that it is in. */
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(30);

  /** Told from the model's thread what becomes of it. */
  interface Owner {

    void ready();

    /** It cannot be loaded, or broke. Nothing more will come of this thread. */
    void broken(Throwable cause);
  }

  /**
   * What a request can be held against.
   *
   * @param vocabulary how many tokens the model knows
   * @param dimensions the length of its vectors
   */
  record Shape(int vocabulary, int dimensions) {}

  private final LlamaSettings settings;
  private final Owner owner;
  private final CompletableFuture<Shape> shape = new CompletableFuture<>();
  private final BlockingQueue<Job> queue = new LinkedBlockingQueue<>();
  private final AtomicLong steps = new AtomicLong();
  private final Thread thread;
  private volatile boolean closed;
  private volatile Ending.Stopped whyOver = new Ending.Stopped("the llama engine was closed");
  private volatile boolean over;

  ModelThread(LlamaSettings settings, Owner owner) {
    this.settings = settings;
    this.owner = owner;
    this.thread = Thread.ofPlatform().daemon().name("llama").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Done when the model is loaded; fails if it will not be. */
  CompletableFuture<Shape> shape() {
    return shape;
  }

  /** Moves with each part that is loaded and each batch that is computed. */
  long steps() {
    return steps.get();
  }

  /** Takes a job; it waits until the model is loaded and there is room. */
  void submit(Job job) {
    queue.add(job);
    if (over) {
      endQueued();
    }
  }

  /** Ends all jobs and gives the memory back, after the step that is being computed. */
  void close() {
    closed = true;
    thread.interrupt();
    try {
      if (!thread.join(CLOSE_PATIENCE)) {
        log.warn("the model still computes; its memory comes back when it is done");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try (LoadedModel model = LoadedModel.load(settings, this::goOnLoading);
        ModelWork work = work(model)) {
      shape.complete(new Shape(model.vocabularySize(), model.dimensions()));
      owner.ready();
      work(work);
    } catch (IOException | ModelWork.ModelBroken | RuntimeException | Error e) {
      // An Error too: a native library that does not link is one.
      if (!closed) {
        whyOver = new Ending.Stopped(settings.model() + ": " + e.getMessage());
        owner.broken(e);
      }
    } finally {
      over = true;
      shape.completeExceptionally(new IllegalStateException(whyOver.reason()));
      endQueued();
    }
  }

  private boolean goOnLoading() {
    steps.incrementAndGet();
    return !closed;
  }

  private ModelWork work(LoadedModel model) throws IOException {
    return settings.answersWithVectors()
        ? new VectorWork(model, settings)
        : new TextWork(model, settings.slots());
  }

  private void work(ModelWork work) throws ModelWork.ModelBroken {
    try {
      while (!closed) {
        if (!work.busy()) {
          begin(work, queue.take());
        }
        beginQueued(work);
        work.step();
        steps.incrementAndGet();
      }
    } catch (InterruptedException e) {
      log.debug("told to end", e);
    } catch (ModelWork.ModelBroken | RuntimeException | Error e) {
      work.endAll(new Ending.Broken(e.getMessage()));
      throw e;
    } finally {
      work.endAll(whyOver);
    }
  }

  private void beginQueued(ModelWork work) {
    while (work.hasRoom()) {
      Job job = queue.poll();
      if (job == null) {
        return;
      }
      begin(work, job);
    }
  }

  private void begin(ModelWork work, Job job) {
    if (job.unwanted()) {
      return;
    }
    try {
      work.begin(job);
    } catch (RuntimeException e) {
      // Of this job alone: the others go on.
      log.warn("a request could not be begun", e);
      job.end(new Ending.Refused(ErrorReply.broken("The request could not be begun: " + e)));
    }
  }

  private void endQueued() {
    for (Job job = queue.poll(); job != null; job = queue.poll()) {
      job.end(whyOver);
    }
  }
}
