package dev.stoker.watchdog.process;

import dev.stoker.health.ProcessIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process whose end is noticed by the kernel's word, within milliseconds, whoever started it. A
 * thread of its own waits for it.
 */
public final class WatchedProcess {

  /**
   * @param status empty if nobody knows any more
   * @param at when it was seen, by the monotonic clock
   */
  public record End(Optional<ExitStatus> status, long at) {}

  private static final Logger log = LoggerFactory.getLogger(WatchedProcess.class);

  private static final int NONE = -1;
  private static final long STATUS_PATIENCE_MILLIS = 100;
  private static final long STATUS_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private final ProcessIdentity identity;
  private final Optional<Process> child;
  private final LongSupplier ticker;
  private int descriptor;
  private volatile Optional<End> end = Optional.empty();

  private WatchedProcess(
      ProcessIdentity identity, Optional<Process> child, int descriptor, LongSupplier ticker) {
    this.identity = identity;
    this.child = child;
    this.descriptor = descriptor;
    this.ticker = ticker;
  }

  /**
   * Watches a process that this one has just started, or kills it: one that can be neither
   * recognised nor signalled later must not be left to itself.
   *
   * @param ended told on another thread once {@link #end} is there
   * @throws IOException when it cannot be watched
   */
  static WatchedProcess ofChild(Process child, LongSupplier ticker, Runnable ended)
      throws IOException {
    try {
      // One that has been reaped already has no start time any more; it needs none.
      long startTicks =
          ProcessTable.findSurely(child.pid()).map(ProcessTable.Entry::startTicks).orElse(0L);
      ProcessIdentity identity =
          new ProcessIdentity(child.pid(), startTicks, ProcessTable.bootId());
      int descriptor = Kernel.open(child.pid()).orElse(NONE);
      return new WatchedProcess(identity, Optional.of(child), descriptor, ticker).watch(ended);
    } catch (RuntimeException | Error e) { // also when no thread can be made
      end(child);
      throw new IOException("Process " + child.pid() + " cannot be watched: " + e, e);
    }
  }

  private static void end(Process child) {
    child.destroyForcibly(); // needs a descriptor, to be sure whom it kills
    try {
      if (child.isAlive()) {
        Kernel.killNewborn(child.pid());
      }
    } catch (LinkageError e) {
      log.warn("Process {} has been killed by the JDK alone: {}", child.pid(), e.toString());
    }
  }

  /**
   * Watches a process that another one started; empty if it is not there, or dead.
   *
   * @throws UncheckedIOException when nobody can say whether it is there
   */
  public static Optional<WatchedProcess> adopt(
      ProcessIdentity identity, LongSupplier ticker, Runnable ended) {
    return openVerified(identity)
        .map(
            descriptor ->
                new WatchedProcess(identity, Optional.empty(), descriptor, ticker).watch(ended));
  }

  /**
   * A descriptor of exactly this process, alive; to be released by the caller.
   *
   * @throws UncheckedIOException when nobody can say whether it is there
   */
  static Optional<Integer> openVerified(ProcessIdentity identity) {
    if (!identity.bootId().equals(ProcessTable.bootId())) {
      return Optional.empty();
    }
    OptionalInt descriptor = Kernel.open(identity.pid());
    if (descriptor.isEmpty()) {
      return Optional.empty();
    }
    boolean kept = false;
    try {
      // First the descriptor, then the start time: in the other order the pid could change hands.
      kept = hasStarted(identity) && !Kernel.dead(descriptor.getAsInt(), 0);
      return kept ? Optional.of(descriptor.getAsInt()) : Optional.empty();
    } finally {
      if (!kept) {
        Kernel.release(descriptor.getAsInt());
      }
    }
  }

  private static boolean hasStarted(ProcessIdentity identity) {
    return ProcessTable.findSurely(identity.pid())
        .filter(entry -> entry.startTicks() == identity.startTicks())
        .isPresent();
  }

  public ProcessIdentity identity() {
    return identity;
  }

  /** Empty while it lives. */
  public Optional<End> end() {
    return end;
  }

  /** Asks it to end, also if it is stopped: a stopped process takes no other signal than KILL. */
  public void terminate() {
    signal(Kernel.SIGTERM);
    signal(Kernel.SIGCONT);
  }

  /**
   * Asks a JVM to print what its threads do; to be asked of nothing else, which would end by it.
   * See {@link ProcessTable#printsThreads}.
   */
  public void printThreads() {
    signal(Kernel.SIGQUIT);
  }

  void kill() {
    signal(Kernel.SIGKILL);
  }

  private synchronized void signal(int signal) {
    if (descriptor != NONE) {
      Kernel.signal(descriptor, signal);
    }
  }

  private WatchedProcess watch(Runnable ended) {
    Thread waiting =
        Thread.ofPlatform()
            .name("process-" + identity.pid())
            .daemon(true)
            .unstarted(
                () -> {
                  awaitEnd();
                  ended.run();
                });
    try {
      waiting.start();
    } catch (OutOfMemoryError e) { // no thread is to be had
      release();
      throw e;
    }
    return this;
  }

  private void awaitEnd() {
    if (descriptor != NONE) {
      Kernel.dead(descriptor, -1);
    }
    long seen = ticker.getAsLong();
    Optional<ExitStatus> status = child.isPresent() ? ofChild(child.get()) : ofStranger();
    end = Optional.of(new End(status, seen));
    release();
  }

  private synchronized void release() {
    if (descriptor != NONE) {
      Kernel.release(descriptor);
      descriptor = NONE;
    }
  }

  /** The JDK reaps it; only then the kernel tells a signal from an exit code of the same number. */
  private Optional<ExitStatus> ofChild(Process process) {
    try {
      int value = process.waitFor();
      return Kernel.exitStatus(descriptor).or(() -> Optional.of(ExitStatus.ofExitValue(value)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** Its parent reaps it at some time; before that the zombie says it, after that the kernel. */
  private Optional<ExitStatus> ofStranger() {
    for (long i = 0; i < STATUS_PATIENCE_MILLIS / 2; i++) {
      Optional<ExitStatus> status =
          ProcessTable.find(identity.pid())
              .filter(entry -> entry.startTicks() == identity.startTicks() && entry.state() == 'Z')
              .map(entry -> ExitStatus.ofWaitStatus(entry.waitStatus()))
              .or(() -> Kernel.exitStatus(descriptor));
      if (status.isPresent()) {
        return status;
      }
      LockSupport.parkNanos(STATUS_PAUSE_NANOS);
    }
    return Optional.empty();
  }
}
