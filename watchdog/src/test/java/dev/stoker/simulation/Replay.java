package dev.stoker.simulation;

import java.util.List;
import java.util.concurrent.ExecutionException;

/** Runs simulations for people: one, with all its steps, or many, with those that break. */
final class Replay implements Campaign.Listener {
  private static final int STEPS_OF_MANY = 2_000;
  private static final int PROGRESS_EVERY = 50;

  private final boolean single;
  private final long begunNanos = System.nanoTime();
  private int held;
  private int broken;

  private Replay(boolean single) {
    this.single = single;
  }

  /**
   * @param arguments the first seed, and perhaps the last one
   */
  public static void main(String[] arguments) throws InterruptedException, ExecutionException {
    long first = Long.parseLong(arguments[0]);
    long last = arguments.length > 1 ? Long.parseLong(arguments[1]) : first;
    int laboratories = first == last ? 1 : Runtime.getRuntime().availableProcessors();
    Replay replay = new Replay(first == last);
    new Campaign(first, last, replay).run(laboratories);
    replay.printProgress();
    System.exit(replay.broken == 0 ? 0 : 1);
  }

  @Override
  public synchronized void held(Laboratory.Report report) {
    held++;
    if (single) {
      report.history().forEach(System.out::println);
      System.out.printf(
          "%nSeed %d: all promises hold. %d steps, engines were asked %d times, history %08x.%n",
          report.seed(), report.steps(), report.asked(), report.history().hashCode());
    } else if ((held + broken) % PROGRESS_EVERY == 0) {
      printProgress();
    }
  }

  @Override
  public synchronized void broken(Laboratory.Broken e) {
    broken++;
    List<String> steps = e.history();
    int shown = single ? steps.size() : Math.min(STEPS_OF_MANY, steps.size());
    steps.subList(steps.size() - shown, steps.size()).forEach(System.out::println);
    System.out.printf(
        "%nBROKEN %s (scripts/replay %d shows all steps)%n", e.getMessage(), e.seed());
    if (single) {
      e.getCause().printStackTrace(System.out);
    }
  }

  private synchronized void printProgress() {
    double seconds = (System.nanoTime() - begunNanos) / 1e9;
    System.out.printf(
        "%d seeds held, %d broken, in %.0f s, %.0f ms a seed%n",
        held, broken, seconds, seconds * 1000 / Math.max(1, held + broken));
  }
}
