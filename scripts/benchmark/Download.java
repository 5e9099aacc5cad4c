import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/**
 * Results out of Stoker, and the same bytes from elsewhere. Started by
 * scripts/benchmark/download.sh.
 */
final class Download {
  private static final String STOKER = "stoker";
  private static final String STATIC = "static";
  private static final String COPY = "copy";
  private static final double TO_REACH = 0.8;
  private static final int KEY_CHARS = 500;
  private static final Duration LOOK = Duration.ofMillis(200);
  private static final int STARTS_MAX = 600;

  /** One way to get the bytes; says how many they were. */
  private interface Way {
    long go() throws Exception;
  }

  private final long bytes;
  private final int rounds;
  private final String staticUrl;
  private final Path staticDirectory;
  private final Path directory = Path.of(System.getenv("BENCH_DIRECTORY"));
  private final StokerClient stoker = new StokerClient(System.getenv("BENCH_API") + "/v1");
  private final StokerClient files;
  private final ProcessTimes times = new ProcessTimes(Path.of(System.getenv("STOKER_DATA_DIR")));
  private final Report report = Report.of("download");
  private int expected; // lines
  private long size;

  private Download(String[] arguments) {
    this.bytes = Long.parseLong(arguments[0]) * 1_000_000;
    this.rounds = Integer.parseInt(arguments[1]);
    this.staticUrl = arguments[2];
    this.staticDirectory = Path.of(arguments[3]);
    this.files = new StokerClient(staticUrl.replaceFirst("/$", ""));
  }

  public static void main(String[] arguments) throws Exception {
    Download download = new Download(arguments);
    download.run();
    System.exit(download.report.exact() ? 0 : 1);
  }

  private void run() throws Exception {
    String file = results();
    Path output = staticDirectory.resolve("output.jsonl");
    stoker.download(file, output);
    check(output);
    size = Files.size(output);
    report.fact("megabytes", size / 1e6);
    try (LineTable table = new LineTable()) {
      table.fill(output);
      table.execute("VACUUM ANALYZE");
      table.execute("CHECKPOINT");
      awaitStatic();
      Report warmUp = Report.of("download");
      round(file, table, warmUp);
      for (int round = 1; round <= rounds; round++) {
        round(file, table, report);
        System.out.printf(
            "round %d: stoker %.0f MB/s, static file %.0f MB/s, copy %.0f MB/s%n",
            round,
            report.last(STOKER, "MB/s", "whole"),
            report.last(STATIC, "MB/s", "whole"),
            report.last(COPY, "MB/s", "whole"));
      }
    }
    String slower =
        report.median(STATIC, "MB/s", "whole") < report.median(COPY, "MB/s", "whole")
            ? STATIC
            : COPY;
    report.atLeast(
        STOKER,
        "of the slower of a static file's and COPY's speed",
        report.medianRatio(STOKER, slower, "MB/s", "whole"),
        TO_REACH);
    report.tell(slower);
  }

  /** The output file of a batch that is large enough. */
  private String results() throws Exception {
    Path input = directory.resolve("input.jsonl");
    String padding = "k".repeat(KEY_CHARS - 9);
    int resultBytes = KEY_CHARS + 240;
    int lines = (int) (bytes / resultBytes);
    expected = InputLines.write(
        input,
        lines * (KEY_CHARS + 100L),
        line ->
            "{\"custom_id\":\"%s-%08d\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\"null\",\"input\":\"\"}}"
                .formatted(padding, line));
    String uploaded = stoker.upload(input);
    JsonNode batch = stoker.create(uploaded, "/v1/embeddings");
    return stoker.awaitEnd(batch.path("id").asString(), LOOK).path("output_file_id").asString();
  }

  private void check(Path output) throws IOException {
    int line = 0;
    try (BufferedReader in = Files.newBufferedReader(output)) {
      for (String answer = in.readLine(); answer != null; answer = in.readLine()) {
        line++;
        if (!answer.contains("-%08d\",".formatted(line))) {
          report.wrong("line " + line + " is answered by " + answer);
          return;
        }
      }
    }
    if (line != expected) {
      report.wrong("%d lines, and %d answers".formatted(expected, line));
    }
    report.fact("lines", line);
  }

  private void awaitStatic() throws Exception {
    for (int look = 0; look < STARTS_MAX; look++) {
      try {
        files.discard("output.jsonl");
        return;
      } catch (ConnectException e) {
        TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
      }
    }
    throw new IllegalStateException("there is no web server at " + staticUrl);
  }

  private void round(String file, LineTable table, Report into) throws Exception {
    measured(STATIC, into, () -> files.discard("output.jsonl"));
    measured(
        COPY,
        into,
        () -> {
          Counting out = new Counting();
          table.read(out);
          return out.bytes;
        });
    measured(STOKER, into, () -> stoker.discard("files/" + file + "/content"));
  }

  private void measured(String system, Report into, Way way) throws Exception {
    Map<String, Double> cpu = times.now();
    long begun = System.nanoTime();
    long got = way.go();
    double seconds = (System.nanoTime() - begun) / 1e9;
    if (got < size) {
      into.wrong(system + " gave " + got + " bytes of " + size);
    }
    into.note(system, "seconds", "whole", seconds);
    into.note(system, "MB/s", "whole", size / 1e6 / seconds);
    for (Map.Entry<String, Double> process : times.now().entrySet()) {
      double spent = process.getValue() - cpu.getOrDefault(process.getKey(), 0.0);
      into.note(system, "CPU ms a MB", process.getKey(), 1000 * spent / (size / 1e6));
    }
  }

  private static final class Counting extends OutputStream {
    private long bytes;

    @Override
    public void write(int one) {
      bytes++;
    }

    @Override
    public void write(byte[] from, int offset, int length) {
      bytes += length;
    }
  }
}
