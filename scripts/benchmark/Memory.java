import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** How large processes are and become. Started by scripts/benchmark/memory.sh. */
final class Memory {
  private static final Duration LOOK = Duration.ofMillis(250);
  private static final Duration REST = Duration.ofSeconds(30);
  private static final double FLAT = 1.1;
  private static final Map<String, Integer> MEGABYTES_MAX =
      Map.of("api_server", 300, "worker", 250, "watchdog", 80);

  private final int batches;
  private final int batchLines;
  private final Path directory = Path.of(System.getenv("BENCH_DIRECTORY"));
  private final StokerClient stoker = new StokerClient(System.getenv("BENCH_API") + "/v1");
  private final ProcessSizes sizes = new ProcessSizes(Path.of(System.getenv("STOKER_DATA_DIR")));
  private final Map<String, Double> largest = new ConcurrentHashMap<>();
  private final Report report;

  private Memory(String[] arguments) {
    int lines = Integer.parseInt(arguments[0]);
    this.batchLines = Integer.parseInt(arguments[1]);
    this.batches = Math.ceilDiv(lines, batchLines);
    this.report =
        Report.of("memory").fact("lines", batches * batchLines).fact("batch_lines", batchLines);
  }

  public static void main(String[] arguments) throws Exception {
    Memory memory = new Memory(arguments);
    memory.run();
    memory.tell();
    System.exit(memory.report.exact() ? 0 : 1);
  }

  private void run() throws Exception {
    rest("idle");
    Thread looks = Thread.ofPlatform().daemon().start(this::lookForEver);
    Path input = input();
    for (int batch = 1; batch <= batches; batch++) {
      largest.clear();
      long begun = System.nanoTime();
      load(input);
      double seconds = (System.nanoTime() - begun) / 1e9;
      Map<String, Double> sizes = Map.copyOf(largest);
      sizes.forEach((process, size) -> report.note(process, "MB", "load", size));
      System.out.printf("batch %d of %d, %.1f s: %s%n", batch, batches, seconds, words(sizes));
    }
    looks.interrupt();
    looks.join();
    rest("idle after");
  }

  private void rest(String step) throws IOException, InterruptedException {
    TimeUnit.SECONDS.sleep(REST.toSeconds());
    sizes.now().forEach((process, size) -> report.note(process, "MB", step, size));
    System.out.printf("%s: %s%n", step, words(sizes.now()));
  }

  private static String words(Map<String, Double> sizes) {
    return String.join(
        ", ",
        sizes.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(size -> "%s %.0f MB".formatted(size.getKey(), size.getValue()))
            .toList());
  }

  private void lookForEver() {
    try {
      while (true) {
        sizes.now().forEach((process, size) -> largest.merge(process, size, Math::max));
        TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      report.wrong("a process is gone: " + e);
    }
  }

  private Path input() throws IOException {
    Path input = directory.resolve("input.jsonl");
    try (Writer out = Files.newBufferedWriter(input)) {
      for (int line = 0; line < batchLines; line++) {
        out.write(
            "{\"custom_id\":\"line-%d\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\"null\",\"input\":\"short text %d\"}}\n"
                .formatted(line, line));
      }
    }
    return input;
  }

  private void load(Path input) throws Exception {
    JsonNode batch = stoker.create(stoker.upload(input), "/v1/embeddings");
    batch = stoker.awaitEnd(batch.path("id").asString(), LOOK);
    Path output = directory.resolve("output.jsonl");
    Files.deleteIfExists(output); // a download overwrites no more than it brings
    stoker.download(batch.path("output_file_id").asString(), output);
    try (Stream<String> answers = Files.lines(output)) {
      long count = answers.count();
      if (count != batchLines) {
        report.wrong("the output has " + count + " lines");
      }
    }
  }

  private void tell() throws IOException {
    MEGABYTES_MAX.forEach(
        (process, most) -> {
          List<Double> loads = report.rounds(process, "MB", "load");
          int quarter = Math.max(1, loads.size() / 4);
          double early = Report.quantile(loads.subList(quarter, 2 * quarter), 0.5);
          double late = Report.quantile(loads.subList(loads.size() - quarter, loads.size()), 0.5);
          report.atMost(process, process + ", largest in MB", Report.quantile(loads, 1), most);
          report.atMost(process, process + ", late as a multiple of early", late / early, FLAT);
        });
    report.tell("");
  }
}
