package dev.stoker.simulation;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/** A thread of the simulation. It runs only while the scheduler waits for it. */
final class Task {

  /** What a task does. */
  @FunctionalInterface
  interface Body {
    void run() throws Exception;
  }

  enum State {
    READY,
    RUNNING,
    ENDED
  }

  /** Also that of threads which a task starts and waits for. */
  private static final InheritableThreadLocal<Task> CURRENT = new InheritableThreadLocal<>();

  private final Scheduler scheduler;
  private final String name;
  private final Semaphore turn = new Semaphore(0);
  private final Semaphore back = new Semaphore(0);
  private SimulatedProcess process;
  private volatile State state = State.READY;
  private volatile long dueNanos;
  private volatile int backend;
  private volatile Optional<Throwable> failure = Optional.empty();

  Task(Scheduler scheduler, SimulatedProcess process, String name) {
    this.scheduler = scheduler;
    this.process = process;
    this.name = name;
    this.dueNanos = scheduler.clock().nanos();
  }

  /** The task on whose behalf this thread runs; empty outside of a simulation. */
  static Optional<Task> current() {
    return Optional.ofNullable(CURRENT.get());
  }

  Scheduler scheduler() {
    return scheduler;
  }

  /** In which it runs now: a client runs in the server that serves it. */
  SimulatedProcess process() {
    return process;
  }

  void moveTo(SimulatedProcess other) {
    process = other;
  }

  State state() {
    return state;
  }

  long dueNanos() {
    return dueNanos;
  }

  /** Lets it go on now instead of later. */
  void wake() {
    wakeWithin(Duration.ZERO);
  }

  void wakeWithin(Duration time) {
    dueNanos = Math.min(dueNanos, scheduler.clock().nanos() + time.toNanos());
  }

  /** The server process that works for it at this moment; 0 while none does. */
  int backend() {
    return backend;
  }

  void backend(int pid) {
    backend = pid;
  }

  Optional<Throwable> failure() {
    return failure;
  }

  /** On a thread of its own: waits for its first turn. */
  void run(Body body) {
    CURRENT.set(this);
    turn.acquireUninterruptibly();
    try {
      refuseTheDead();
      body.run();
    } catch (Killed e) {
      // As it should.
    } catch (Throwable e) {
      failure = process.dead() ? Optional.empty() : Optional.of(e);
    } finally {
      state = State.ENDED;
      CURRENT.remove();
      Thread.interrupted(); // the thread is used again
      back.release();
    }
  }

  /** Gives up the turn. */
  void sleep(Duration time) {
    dueNanos = scheduler.clock().nanos() + time.toNanos();
    state = State.READY;
    back.release();
    turn.acquireUninterruptibly();
    refuseTheDead();
  }

  void refuseTheDead() {
    if (process.dead() || scheduler.over()) {
      throw new Killed();
    }
  }

  /** On the scheduler's thread. */
  void giveTurn() {
    state = State.RUNNING;
    turn.release();
  }

  /** Whether it has given up its turn, or does so within this time. */
  boolean isBack(Duration patience) throws InterruptedException {
    return back.tryAcquire(patience.toNanos(), java.util.concurrent.TimeUnit.NANOSECONDS);
  }

  @Override
  public String toString() {
    return name;
  }
}
