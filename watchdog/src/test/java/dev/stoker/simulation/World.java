package dev.stoker.simulation;

import dev.stoker.database.Database;
import dev.stoker.id.OrderedIds;
import dev.stoker.watchdog.process.ExitStatus;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;

/** What everybody in a simulation shares. */
record World(
    Scheduler scheduler,
    SimulatedClock clock,
    RandomGenerator random,
    Database database,
    OrderedIds ids,
    Ledger ledger,
    Deaths deaths) {

  static final String ENDPOINT = "/v1/embeddings";
  static final List<String> MODELS = List.of("m-a", "m-b");
  private static final ExitStatus CRASHED = new ExitStatus(0, 11, true);
  private static final Duration RETRY = Duration.ofMillis(800);

  /** Repeats a step, with a rest whenever there is nothing to do, or it failed. */
  Task loop(SimulatedProcess process, String name, Duration interval, Callable<Boolean> step) {
    return scheduler.start(
        process,
        name,
        () -> {
          Task task = Task.current().orElseThrow();
          while (true) {
            if (!stepSafely(task, step)) {
              task.sleep(interval);
            }
          }
        });
  }

  private boolean stepSafely(Task task, Callable<Boolean> step) throws Exception {
    try {
      return step.call();
    } catch (RuntimeException e) {
      task.refuseTheDead();
      task.sleep(RETRY);
      return true;
    }
  }

  /** Repeats a step until it does not fail. */
  void patiently(Runnable step) {
    Task task = Task.current().orElseThrow();
    while (true) {
      try {
        step.run();
        return;
      } catch (RuntimeException e) {
        task.refuseTheDead();
        task.sleep(RETRY);
      }
    }
  }

  /** The process of a task dies of what it does. */
  Killed crash(Task task) {
    task.process().die(CRASHED);
    return new Killed();
  }
}
