package dev.stoker.simulation;

import java.util.List;

/** Runs simulations for people: one, with its steps, or many. */
final class Replay {
  private Replay() {}

  public static void main(String[] arguments) {
    long from = Long.parseLong(arguments[0]);
    long to = arguments.length > 1 ? Long.parseLong(arguments[1]) : from;
    boolean steps = from == to;
    int broken = 0;
    try (Laboratory laboratory = new Laboratory()) {
      for (long seed = from; seed <= to; seed++) {
        long begun = System.nanoTime();
        try {
          Laboratory.Report report = laboratory.run(seed);
          if (steps) {
            report.history().forEach(System.out::println);
          }
          System.out.printf(
              "seed %d held: %d steps, %d lines asked, %d ms, %08x%n",
              seed,
              report.steps(),
              report.asked(),
              (System.nanoTime() - begun) / 1_000_000,
              report.history().hashCode());
        } catch (Laboratory.Broken e) {
          broken++;
          print(e, steps ? Integer.MAX_VALUE : 30);
          e.getCause().printStackTrace(System.out);
        }
      }
    }
    System.out.println(
        broken
            + " broken, cpu "
            + ((com.sun.management.OperatingSystemMXBean)
                        java.lang.management.ManagementFactory.getOperatingSystemMXBean())
                    .getProcessCpuTime()
                / 1e9);
    System.exit(broken == 0 ? 0 : 1);
  }

  private static void print(Laboratory.Broken broken, int lines) {
    List<String> history = broken.history();
    history
        .subList(Math.max(0, history.size() - lines), history.size())
        .forEach(System.out::println);
    System.out.println("BROKEN " + broken.getMessage());
  }
}
