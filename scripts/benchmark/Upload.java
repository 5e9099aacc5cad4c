import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A large file into Stoker, and the same bytes into a table. Started by
 * scripts/benchmark/upload.sh.
 */
final class Upload {
  private static final String STOKER = "stoker";
  private static final String COPY = "copy";
  private static final double TO_REACH = 0.8;
  private static final double FLAT = 1.1;

  private final int rounds;
  private final Path directory = Path.of(System.getenv("BENCH_DIRECTORY"));
  private final Path data = Path.of(System.getenv("STOKER_DATA_DIR"));
  private final StokerClient stoker = new StokerClient(System.getenv("BENCH_API") + "/v1");
  private final ProcessTimes times = new ProcessTimes(data);
  private final Path input = directory.resolve("input.jsonl");
  private final double megabytes;
  private final Report report;

  private Upload(String[] arguments) throws IOException {
    long bytes = Long.parseLong(arguments[0]) * 1_000_000;
    this.rounds = Integer.parseInt(arguments[1]);
    int lines = InputLines.write(input, bytes, InputLines.chats());
    this.megabytes = Files.size(input) / 1e6;
    this.report = Report.of("upload").fact("megabytes", megabytes).fact("lines", lines);
  }

  public static void main(String[] arguments) throws Exception {
    Upload upload = new Upload(arguments);
    upload.run();
    System.exit(upload.report.exact() ? 0 : 1);
  }

  private void run() throws Exception {
    try (LineTable table = new LineTable()) {
      Report warmUp = Report.of("upload");
      copy(table, warmUp);
      upload(table, warmUp, 0);
      for (int round = 1; round <= rounds; round++) {
        copy(table, report);
        upload(table, report, round);
        System.out.printf(
            "round %d: stoker %.0f MB/s, copy %.0f MB/s%n",
            round, report.last(STOKER, "MB/s", "whole"), report.last(COPY, "MB/s", "whole"));
      }
    }
    report.atLeast(
        STOKER, "of COPY's speed", report.medianRatio(STOKER, COPY, "MB/s", "whole"), TO_REACH);
    List<Double> largest = report.rounds(STOKER, "MB of api_server", "largest");
    report.atMost(
        STOKER,
        "growth of the api-server's memory, last round to first",
        largest.getLast() / largest.getFirst(),
        FLAT);
    report.tell(COPY);
  }

  private void copy(LineTable table, Report into) throws Exception {
    table.empty();
    Map<String, Double> cpu = times.now();
    long begun = System.nanoTime();
    table.fill(input);
    note(COPY, begun, cpu, into);
    table.empty();
  }

  private void upload(LineTable table, Report into, int round) throws Exception {
    try (ResidentSize size = new ResidentSize(data.resolve("run/api_server.pid"))) {
      into.note(STOKER, "MB of api_server", "before", size.now());
      Map<String, Double> cpu = times.now();
      long begun = System.nanoTime();
      String file = stoker.upload(input);
      note(STOKER, begun, cpu, into);
      into.note(STOKER, "MB of api_server", "largest", size.largest());
      into.note(STOKER, "MB of api_server", "after", size.now());
      Path again = directory.resolve("again.jsonl");
      if (round <= 1) {
        stoker.download(file, again);
        if (Files.mismatch(input, again) >= 0) {
          report.wrong("what was uploaded is not what is downloaded");
        }
      }
      stoker.delete(file);
    }
    table.execute("VACUUM file_part");
  }

  private void note(String system, long begunNanos, Map<String, Double> cpu, Report into)
      throws IOException {
    double seconds = (System.nanoTime() - begunNanos) / 1e9;
    into.note(system, "seconds", "whole", seconds);
    into.note(system, "MB/s", "whole", megabytes / seconds);
    for (Map.Entry<String, Double> process : times.now().entrySet()) {
      double spent = process.getValue() - cpu.getOrDefault(process.getKey(), 0.0);
      into.note(system, "CPU ms a MB", process.getKey(), 1000 * spent / megabytes);
    }
  }
}
