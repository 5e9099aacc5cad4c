package dev.stoker.watchdog.gpu;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the GPUs of this host without ever touching the driver itself: a probe process does,
 * which is killed when it takes too long. Where there is no driver there is no process, nor a
 * thread.
 */
public final class GpuWatch implements AutoCloseable {

  /** Is told what was seen at each look of a watch, by a thread that may not be kept waiting. */
  @FunctionalInterface
  public interface Listener {
    /**
     * @param askedAt by the monotonic clock: the driver was asked no earlier
     */
    void seen(GpuLook look, long askedAt);
  }

  private static final Logger log = LoggerFactory.getLogger(GpuWatch.class);

  private static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final int WAITING_MAX = 128;

  /** A watch that fails looks ever more rarely: it starts a process every time. */
  private static final int DOUBLINGS_MAX = 3;

  private final GpuSettings settings;
  private final Duration patience;
  private final ScheduledThreadPoolExecutor thread;

  /** Changed by the thread alone. */
  private volatile Optional<ProbeProcess> probe = Optional.empty();

  private volatile Optional<Runnable> watch = Optional.empty();
  private final AtomicBoolean watching = new AtomicBoolean();
  private int failures;

  public GpuWatch(GpuSettings settings) {
    this(settings, PATIENCE);
  }

  /**
   * @param patience how long the driver may take
   */
  public GpuWatch(GpuSettings settings, Duration patience) {
    this.settings = settings;
    this.patience = patience;
    this.thread =
        new ScheduledThreadPoolExecutor(
            1, task -> Thread.ofPlatform().name("gpu-watch").daemon(true).unstarted(task));
  }

  /**
   * Looks once. Returns at once.
   *
   * @param answered told in every case: later, on a thread of this object, or at once that there is
   *     no driver or that there are too many who ask
   */
  public void look(Consumer<GpuLook> answered) {
    if (!settings.plausible()) {
      answered.accept(new GpuLook.NoGpu());
      return;
    }
    try {
      if (thread.getQueue().size() >= WAITING_MAX) {
        throw new RejectedExecutionException();
      }
      watchOn();
      thread.execute(() -> answered.accept(look()));
    } catch (RejectedExecutionException e) {
      answered.accept(unknown("too many ask, or the watchdog stops"));
    }
  }

  /**
   * Looks again and again for as long as there is a driver; where there is none, from when somebody
   * looks and there is one. To be called once.
   *
   * @param every for as long as the driver answers; up to eight times that while it does not
   * @param nanoTime the monotonic clock
   */
  public void watch(Duration every, LongSupplier nanoTime, Listener listener) {
    watch = Optional.of(() -> watchOnce(every, nanoTime, listener));
    if (settings.plausible()) {
      watchOn();
    } else {
      log.info("There is no GPU driver here");
      listener.seen(new GpuLook.NoGpu(), nanoTime.getAsLong());
    }
  }

  /** Looks no more. */
  @Override
  public void close() {
    thread.shutdownNow();
    probe.ifPresent(ProbeProcess::close);
  }

  private void watchOn() {
    if (watch.isPresent() && watching.compareAndSet(false, true)) {
      thread.execute(watch.get());
    }
  }

  private void watchOnce(Duration every, LongSupplier nanoTime, Listener listener) {
    long askedAt = nanoTime.getAsLong();
    GpuLook look = look();
    failures = answers(look) ? 0 : Math.min(failures + 1, DOUBLINGS_MAX);
    try {
      listener.seen(look, askedAt);
    } finally {
      if (look instanceof GpuLook.NoGpu) {
        watching.set(false);
      } else if (!thread.isShutdown()) {
        long delay = every.toNanos() << failures;
        var _ = thread.schedule(watch.orElseThrow(), delay, TimeUnit.NANOSECONDS);
      }
    }
  }

  private GpuLook look() {
    if (!settings.plausible()) {
      return new GpuLook.NoGpu();
    }
    Optional<ProbeProcess> living = probe.filter(ProbeProcess::isAlive);
    if (living.filter(ProbeProcess::isClosed).isPresent()) {
      return unknown("the driver still holds an earlier probe, pid " + living.get().pid());
    }
    try {
      ProbeProcess asked = living.isPresent() ? living.get() : started();
      GpuLook look = asked.ask(patience);
      if (!answers(look)) {
        asked.close();
      }
      return look;
    } catch (IOException | RuntimeException | Error e) { // whoever asked waits for an answer
      probe.ifPresent(ProbeProcess::close);
      log.warn("The GPUs cannot be looked at", e);
      return unknown("no probe could be run: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return unknown("the watchdog stops");
    }
  }

  private ProbeProcess started() throws IOException, InterruptedException {
    ProbeProcess started = ProbeProcess.start(settings);
    probe = Optional.of(started);
    if (thread.isShutdown()) { // and whoever shut it down may not have seen this one
      started.close();
      throw new InterruptedException();
    }
    return started;
  }

  /**
   * Whether the same process is to be asked again. It lets go of a GPU that waits for a reset,
   * which every client of the driver hinders.
   */
  private static boolean answers(GpuLook look) {
    return look instanceof GpuLook.Seen seen && seen.gpus().stream().noneMatch(Gpu::needsCare);
  }

  private static GpuLook unknown(String reason) {
    return new GpuLook.Unknown(reason, KernelMessages.NONE);
  }
}
