package dev.stoker.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
    for (Task waiting : in(Task.State.LOCKED_OUT)) {
      await(waiting);
    }
    buryTheDead();
    afterSteps.forEach(Runnable::run);
  }

  private Task choose() {
    List<Task> able = able();
    if (able.isEmpty()) {
      throw new SimulationFailed(
          "nobody can go on: " + in(Task.State.LOCKED_OUT) + " wait for locks");
    }
    long soonest = able.stream().mapToLong(Task::dueNanos).min().getAsLong();
    clock.advanceTo(soonest);
    List<Task> due = able.stream().filter(task -> task.dueNanos() <= clock.nanos()).toList();
    return due.get(random.nextInt(due.size()));
  }

  private List<Task> able() {
    return in(Task.State.READY).stream().filter(task -> !task.process().stopped()).toList();
  }

  private List<Task> in(Task.State state) {
    return tasks.stream().filter(task -> task.state() == state).toList();
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
          task.state(Task.State.LOCKED_OUT);
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SimulationFailed("interrupted", e);
    }
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
      if (task.process().dead() && task.state() == Task.State.READY) {
        run(task);
      }
    }
  }

  /** Ends all tasks. Nothing may be asked of it afterwards. */
  void end() {
    over = true;
    while (!tasks.isEmpty()) {
      for (Task task : List.copyOf(tasks)) {
        switch (task.state()) {
          case READY -> run(task);
          case LOCKED_OUT, RUNNING -> await(task);
          case ENDED -> tasks.remove(task);
        }
      }
    }
  }
}
