import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Short lines through all of Stoker. Started by scripts/benchmark/overhead.sh. */
final class Overhead {
  private static final Duration LOOK = Duration.ofMillis(50);
  private static final String STOKER = "stoker";
  private static final int DEAREST = 8;

  private final int lines;
  private final int rounds;
  private final Path directory = Path.of(System.getenv("BENCH_DIRECTORY"));
  private final StokerClient stoker = new StokerClient(System.getenv("BENCH_API") + "/v1");
  private final ProcessTimes times = new ProcessTimes(Path.of(System.getenv("STOKER_DATA_DIR")));
  private final Statements statements = Statements.open();
  private final Report report;

  private Overhead(String[] arguments) throws SQLException {
    this.lines = Integer.parseInt(arguments[0]);
    this.rounds = Integer.parseInt(arguments[1]);
    this.report = Report.of("overhead").fact("lines", lines);
  }

  public static void main(String[] arguments) throws Exception {
    Overhead overhead = new Overhead(arguments);
    overhead.run();
    System.exit(overhead.report.exact() ? 0 : 1);
  }

  private void run() throws Exception {
    Path input = input();
    Path output = directory.resolve("output.jsonl");
    Report warmUp = Report.of("overhead");
    round(input, output, warmUp);
    for (int round = 1; round <= rounds; round++) {
      round(input, output, report);
      System.out.printf(
          "round %d: %,.0f lines/s, upload %.2f s, batch %.2f s, download %.2f s%n",
          round,
          report.last(STOKER, "lines/s", "batch"),
          report.last(STOKER, "seconds", "upload"),
          report.last(STOKER, "seconds", "batch"),
          report.last(STOKER, "seconds", "download"));
    }
    System.out.println("\nThe dearest statements of the last round:");
    statements.dearest(DEAREST).forEach(System.out::println);
    report.atLeast(STOKER, "lines a second", report.median(STOKER, "lines/s", "batch"), 25_000);
    report.atMost(
        STOKER, "SQL statements a line", report.median(STOKER, "statements a line", "batch"), 0.02);
    report.tell("");
  }

  private Path input() throws IOException {
    Path input = directory.resolve("input.jsonl");
    try (Writer out = Files.newBufferedWriter(input)) {
      for (int line = 1; line <= lines; line++) {
        out.write(
            "{\"custom_id\":\"line-%d\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\"null\",\"input\":\"short text %d\"}}\n"
                .formatted(line, line));
      }
    }
    return input;
  }

  private void round(Path input, Path output, Report into) throws Exception {
    long begun = System.nanoTime();
    String file = stoker.upload(input);
    into.note(STOKER, "seconds", "upload", secondsSince(begun));
    statements.reset();
    Map<String, Double> cpu = times.now();
    begun = System.nanoTime();
    JsonNode batch = stoker.create(file, "/v1/embeddings");
    batch = stoker.awaitEnd(batch.path("id").asString(), LOOK);
    double seconds = secondsSince(begun);
    double all = 0;
    for (Map.Entry<String, Double> process : times.now().entrySet()) {
      double spent = process.getValue() - cpu.getOrDefault(process.getKey(), 0.0);
      into.note(STOKER, "CPU us a line", process.getKey(), spent / lines * 1e6);
      all += spent;
    }
    into.note(STOKER, "CPU us a line", "all", all / lines * 1e6);
    into.note(STOKER, "statements a line", "batch", (double) statements.count() / lines);
    into.note(STOKER, "seconds", "batch", seconds);
    into.note(STOKER, "lines/s", "batch", lines / seconds);
    begun = System.nanoTime();
    stoker.download(batch.path("output_file_id").asString(), output);
    into.note(STOKER, "seconds", "download", secondsSince(begun));
    check(output);
  }

  private void check(Path output) throws IOException {
    try (BufferedReader in = Files.newBufferedReader(output)) {
      for (int line = 1; line <= lines; line++) {
        String answer = in.readLine();
        if (answer == null || !answer.contains("\"custom_id\":\"line-" + line + "\",")) {
          report.wrong("line " + line + " is answered by " + answer);
          return;
        }
      }
      if (in.readLine() != null) {
        report.wrong("the output has more lines than the input");
      }
    }
  }

  private static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }
}
