package dev.stoker.worker.engine.onnx;

import dev.stoker.worker.engine.body.EmbeddingsRequest.Input;
import dev.stoker.worker.engine.onnx.EmbeddingJob.Ending;
import dev.stoker.worker.engine.onnx.EmbeddingJob.Text;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the texts of many jobs in micro-batches, on threads of its own.
 *
 * <p>A thread always takes what is there and never waits for more. Of several one runs a batch as
 * soon as there is any, and the others cut texts into tokens before they run theirs: the first
 * answers do not wait for the last text, and the choice for later batches is large. Jobs may come
 * before {@link #start}; they wait. After {@link #stop} every job ends {@link Ending.Stopped}.
 */
final class MicroBatcher {
  private static final Logger LOG = LoggerFactory.getLogger(MicroBatcher.class);

  /** Texts cut into tokens at a time: some milliseconds. */
  private static final int CUT_MAX = 16;

  /** With so many to choose from, batches are full; more texts in tokens would only take memory. */
  private static final int POOL_ENOUGH = 4096;

  private final OnnxSettings settings;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // All below are guarded by the lock.
  private final Set<EmbeddingJob> jobs = new HashSet<>();
  private final SequencedSet<Text> uncut = new LinkedHashSet<>();
  private final PendingTexts<Text> pool;
  private final List<Thread> threads = new ArrayList<>();
  private int batchesRunning;
  private Optional<SentenceModel> model = Optional.empty();
  private Optional<String> stopped = Optional.empty();

  /** What a thread does next. */
  private sealed interface Task {
    List<Text> texts();

    record Cut(List<Text> texts) implements Task {}

    record Run(List<Text> texts) implements Task {}
  }

  MicroBatcher(OnnxSettings settings) {
    this.settings = settings;
    this.pool = new PendingTexts<>(settings::batchTexts);
  }

  /** Starts the threads. Owns the model from now on: closes it at once if stopped before. */
  void start(SentenceModel loaded) {
    lock.lock();
    try {
      if (stopped.isPresent()) {
        loaded.close();
        return;
      }
      model = Optional.of(loaded);
      for (int i = 1; i <= settings.threads(); i++) {
        threads.add(Thread.ofPlatform().daemon().name("onnx-" + i).start(() -> work(loaded)));
      }
    } finally {
      lock.unlock();
    }
  }

  void submit(EmbeddingJob job) {
    lock.lock();
    try {
      if (stopped.isPresent()) {
        job.end(new Ending.Stopped(stopped.get()));
        return;
      }
      jobs.add(job);
      job.texts().forEach(this::admit);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Takes out what is left of a job nobody waits for. */
  void withdraw(EmbeddingJob job) {
    lock.lock();
    try {
      end(job, new Ending.Stopped("withdrawn"));
    } finally {
      lock.unlock();
    }
  }

  /** Ends every job, waits for the calls in the model, and closes it. The first reason stays. */
  void stop(String reason) {
    List<Thread> running;
    Optional<SentenceModel> loaded;
    lock.lock();
    try {
      stopped = stopped.or(() -> Optional.of(reason));
      List.copyOf(jobs).forEach(job -> end(job, new Ending.Stopped(reason)));
      running = List.copyOf(threads);
      loaded = model;
      model = Optional.empty();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    running.forEach(MicroBatcher::joinUninterruptibly);
    loaded.ifPresent(SentenceModel::close);
  }

  private void admit(Text text) {
    switch (text.input()) {
      case Input.Text _ -> uncut.add(text);
      case Input.Tokens(long[] ids) -> {
        text.cut(Arrays.copyOf(ids, Math.min(ids.length, settings.textTokensMax())));
        pool.add(text.tokens().length, text);
      }
    }
  }

  private void end(EmbeddingJob job, Ending ending) {
    job.end(ending);
    jobs.remove(job);
    for (Text text : job.texts()) {
      uncut.remove(text);
      pool.remove(text.tokens().length, text);
    }
  }

  private void work(SentenceModel loaded) {
    for (Optional<Task> next = next(); next.isPresent(); next = next()) {
      Task task = next.get();
      try {
        switch (task) {
          case Task.Cut(List<Text> texts) -> cut(loaded, texts);
          case Task.Run(List<Text> texts) -> run(loaded, texts);
        }
      } catch (Throwable e) { // A thread that died here would take a core away for good.
        LOG.error("The embedding model failed on {} texts", task.texts().size(), e);
        breakJobs(task.texts(), e);
      }
    }
  }

  /** The next task, waited for; none when stopped. */
  private Optional<Task> next() {
    lock.lock();
    try {
      while (stopped.isEmpty()) {
        if (pool.size() > 0 && !cutsFirst()) {
          batchesRunning++;
          return Optional.of(new Task.Run(pool.take()));
        }
        if (!uncut.isEmpty()) {
          return Optional.of(new Task.Cut(firstUncut()));
        }
        changed.awaitUninterruptibly();
      }
      return Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  /** Whether texts are to be cut although there is a batch to run. */
  private boolean cutsFirst() {
    boolean othersRun = batchesRunning > 0 || settings.threads() == 1;
    return othersRun && !uncut.isEmpty() && pool.size() < POOL_ENOUGH;
  }

  private List<Text> firstUncut() {
    List<Text> texts = new ArrayList<>(CUT_MAX);
    while (texts.size() < CUT_MAX && !uncut.isEmpty()) {
      texts.add(uncut.removeFirst());
    }
    return texts;
  }

  private void cut(SentenceModel loaded, List<Text> texts) {
    for (Text text : texts) {
      switch (text.input()) {
        case Input.Text(String written) -> text.cut(loaded.tokens(written));
        case Input.Tokens _ -> throw new AssertionError("token ids need no cutting");
      }
    }
    lock.lock();
    try {
      texts.stream()
          .filter(text -> !text.job().hasEnded())
          .forEach(text -> pool.add(text.tokens().length, text));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void run(SentenceModel loaded, List<Text> texts) {
    try {
      List<float[]> vectors = loaded.vectors(texts.stream().map(Text::tokens).toList());
      for (int i = 0; i < texts.size(); i++) {
        texts.get(i).embedded(vectors.get(i));
      }
    } finally {
      ran(texts);
    }
  }

  private void ran(List<Text> texts) {
    lock.lock();
    try {
      batchesRunning--;
      texts.stream().map(Text::job).filter(EmbeddingJob::hasEnded).forEach(jobs::remove);
    } finally {
      lock.unlock();
    }
  }

  private void breakJobs(List<Text> texts, Throwable cause) {
    lock.lock();
    try {
      texts.forEach(text -> end(text.job(), new Ending.Broken(cause.toString())));
    } finally {
      lock.unlock();
    }
  }

  /** The model must outlive every call, so that not even an interrupt may cut this short. */
  private static void joinUninterruptibly(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
