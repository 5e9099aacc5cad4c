package dev.stoker.chaos;

import dev.stoker.endtoend.Installation;
import dev.stoker.logging.ProcessLog;
import dev.stoker.settings.InvalidSettings;
import dev.stoker.settings.Settings;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/** Runs chaos from the command line: {@code --minutes N --seed S --directory D --tamper}. */
final class Chaos {
  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  private Chaos() {}

  public static void main(String[] arguments) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    try {
      ChaosRun run = of(List.of(arguments), out);
      new ProcessLog(run.directory()).start("chaos");
      Report report = run.run();
      out.println();
      out.print(report.table());
      report.append(Installation.HOME.resolve("logs/bench/history.jsonl"));
      out.println("seed " + run.seed());
      System.exit(report.exact() ? 0 : FAILED);
    } catch (InvalidSettings e) {
      System.err.println(e.getMessage());
      System.exit(MISUSED);
    }
  }

  private static ChaosRun of(List<String> arguments, PrintStream out) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < arguments.size(); i += 2) {
      values.put(
          arguments.get(i).replaceFirst("^--", ""),
          i + 1 < arguments.size() ? arguments.get(i + 1) : "");
    }
    Settings settings = new Settings(values);
    int minutes = settings.integer("minutes", 3, 1, 24 * 60, "how long");
    long seed =
        settings.number(
            "seed",
            ThreadLocalRandom.current().nextInt(1_000_000),
            0,
            Long.MAX_VALUE,
            "chooses what is inflicted");
    boolean tampered = settings.flag("tamper", false, "changes what is stored");
    Path directory = settings.path("directory", Path.of(""), "for data and logs");
    settings.verify();
    return new ChaosRun(seed, Duration.ofMinutes(minutes), directory, tampered, out::println);
  }
}
