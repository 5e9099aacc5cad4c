package dev.stoker.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** Gives turns, one at a time, in an order that only the random numbers decide. */
final class Scheduler {
  private static final Duration LOOK = Duration.ofMillis(4);

  /** A minute, on a machine that has nothing else to do. */
  private static final long LOOKS_MAX = 15_000;

  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("task-", 0).factory());

  /** Says whether a server process waits for locks, and only for those of tasks that wait. */
  @FunctionalInterface
  interface LockCheck {
    boolean lockedOut(int backend);
  }

  private final SimulatedClock clock;
  private final RandomGenerator random;
  private final LockCheck locks;
  private final Consumer<String> history;
  private final List<Task> tasks = new ArrayList<>();

  /**
   * Their statements wait in the database for the locks of others; they have not been back since.
   */
  private final Set<Task> lockedOut = new LinkedHashSet<>();

  private final List<Runnable> afterSteps = new ArrayList<>();
  private boolean over;
  private int steps;

  Scheduler(
      SimulatedClock clock, RandomGenerator random, LockCheck locks, Consumer<String> history) {
    this.clock = clock;
    this.random = random;
    this.locks = locks;
    this.history = history;
  }

  SimulatedClock clock() {
    return clock;
  }

  int steps() {
    return steps;
  }

  boolean over() {
    return over;
  }

  /** Does something after every step, on the scheduler's thread. */
  void afterEachStep(Runnable action) {
    afterSteps.add(action);
  }

  Task start(SimulatedProcess process, String name, Task.Body body) {
    Task task = new Task(this, process, process + "/" + name);
    tasks.add(task);
    THREADS.execute(() -> task.run(body));
    return task;
  }

  void say(String what) {
    history.accept(clock + " " + what);
  }

  /** Lets one task go on to its next statement or wait; time passes if all wait. */
  void step() {
    steps++;
    Task next = choose();
    run(next);
    buryTheDead();
    awaitLockedOut();
    buryTheDead();
    afterSteps.forEach(Runnable::run);
  }

  /** One that gets its lock and goes on may free another. */
  private void awaitLockedOut() {
    int before;
    do {
      before = lockedOut.size();
      List.copyOf(lockedOut).forEach(this::await);
    } while (lockedOut.size() < before);
  }

  private Task choose() {
    List<Task> able = able();
    if (able.isEmpty()) {
      throw new SimulationFailed("nobody can go on: " + lockedOut + " wait for locks");
    }
    long soonest = able.stream().mapToLong(Task::dueNanos).min().getAsLong();
    clock.advanceTo(soonest);
    List<Task> due = able.stream().filter(task -> task.dueNanos() <= clock.nanos()).toList();
    return due.get(random.nextInt(due.size()));
  }

  private List<Task> able() {
    return tasks.stream().filter(this::ready).filter(task -> !task.process().stopped()).toList();
  }

  /** One that was locked out has to be seen back first, or it would owe a turn ever after. */
  private boolean ready(Task task) {
    return task.state() == Task.State.READY && !lockedOut.contains(task);
  }

  private void run(Task task) {
    task.giveTurn();
    await(task);
  }

  /** Until the task has given up its turn, or waits for others in the database. */
  private void await(Task task) {
    try {
      for (long looks = 0; !task.isBack(LOOK); looks++) {
        if (looks > LOOKS_MAX) {
          throw new SimulationFailed(task + " does not give its turn back");
        }
        int backend = task.backend();
        if (backend != 0 && locks.lockedOut(backend)) {
          lockedOut.add(task);
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SimulationFailed("interrupted", e);
    }
    lockedOut.remove(task);
    if (task.state() == Task.State.ENDED) {
      tasks.remove(task);
      task.failure()
          .ifPresent(
              e -> {
                throw new SimulationFailed(task + " ended in " + e, e);
              });
    }
  }

  private void buryTheDead() {
    for (Task task : List.copyOf(tasks)) {
      if (task.process().dead() && ready(task)) {
        run(task);
      }
    }
  }

  /** Ends all tasks. Nothing may be asked of it afterwards. */
  void end() {
    over = true;
    while (!tasks.isEmpty()) {
      for (Task task : List.copyOf(tasks)) {
        if (ready(task)) {
          run(task);
        } else {
          await(task);
        }
      }
    }
  }
}
