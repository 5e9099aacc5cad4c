import dev.stoker.database.DatabaseSettings;
import dev.stoker.settings.Settings;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One batch on more and more workers. Started by scripts/benchmark/workers.sh. */
final class Workers {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String ENDPOINT = "/v1/chat/completions";
  private static final double OF_LINEAR_MIN = 0.95;
  private static final double TICKS_PER_SECOND = 100;
  private static final Duration LOOK = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final List<Integer> counts;
  private final int linesEach;
  private final int slots;
  private final int rounds;
  private final URI engine;
  private final long enginePid;
  private final Path directory = Path.of(System.getenv("BENCH_DIRECTORY"));
  private final Path scripts = Path.of(System.getenv("STOKER_HOME"), "scripts");
  private final StokerClient stoker = new StokerClient(System.getenv("BENCH_API") + "/v1");
  private final ProcessTimes times = new ProcessTimes(Path.of(System.getenv("STOKER_DATA_DIR")));
  private final DatabaseSettings database = DatabaseSettings.from(Settings.ofEnvironment());
  private final HttpClient http = HttpClient.newHttpClient();
  private final Report report;

  private Workers(String[] arguments) {
    this.counts = Arrays.stream(arguments[0].split(",", -1)).map(Integer::valueOf).toList();
    this.linesEach = Integer.parseInt(arguments[1]);
    this.slots = Integer.parseInt(arguments[2]);
    this.rounds = Integer.parseInt(arguments[3]);
    this.engine = URI.create(arguments[4]);
    this.enginePid = Long.parseLong(arguments[5]);
    this.report =
        Report.of("workers").fact("lines_a_worker", linesEach).fact("slots_a_worker", slots);
  }

  public static void main(String[] arguments) throws Exception {
    Workers workers = new Workers(arguments);
    workers.run();
    workers.tell();
    System.exit(workers.report.exact() ? 0 : 1);
  }

  private void run() throws Exception {
    for (int round = 1; round <= rounds; round++) {
      for (int count : counts) {
        restart(count);
        batch(count * slots * 4);
        measured(round, count);
      }
    }
  }

  private void restart(int workers) throws IOException, InterruptedException {
    run("stop-all.sh", workers);
    run("start-all.sh", workers);
    long begun = System.nanoTime();
    while (ready() < workers) {
      if (System.nanoTime() - begun > PATIENCE.toNanos()) {
        throw new IllegalStateException("not all workers become ready");
      }
      TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
    }
  }

  private void run(String script, int workers) throws IOException, InterruptedException {
    File log = directory.resolve("scripts.log").toFile();
    ProcessBuilder builder =
        new ProcessBuilder(scripts.resolve(script).toString())
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
            .redirectErrorStream(true);
    builder.environment().put("STOKER_WORKERS", Integer.toString(workers));
    if (builder.start().waitFor() != 0) {
      throw new IllegalStateException(script + " failed: see " + log);
    }
  }

  private int ready() {
    try (Connection connection =
            DriverManager.getConnection(
                database.jdbcUrl(), database.user(), database.password());
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT count(*) FROM worker_heartbeat WHERE status = 'ready' AND last_seen_at > now() - interval '12 seconds'")) {
      row.next();
      return row.getInt(1);
    } catch (java.sql.SQLException e) {
      return 0;
    }
  }

  private void measured(int round, int count) throws Exception {
    ask(HttpRequest.newBuilder(engine.resolve("/mock/stats")).DELETE().build());
    int lines = count * linesEach;
    String system = system(count);
    Map<String, Double> before = times.now();
    double engineBefore = cpuSeconds(enginePid);
    double machineBefore = machineSeconds();
    double seconds = batch(lines);
    double machine = machineSeconds() - machineBefore;
    double engineCpu = cpuSeconds(enginePid) - engineBefore;
    double own = 0;
    for (Map.Entry<String, Double> process : times.now().entrySet()) {
      if (!process.getKey().equals("client")) {
        own += process.getValue() - before.getOrDefault(process.getKey(), 0.0);
      }
    }
    JsonNode stats =
        JSON.readTree(ask(HttpRequest.newBuilder(engine.resolve("/mock/stats")).build()));
    if (stats.path("bodies").asInt() != lines
        || stats.path("requests").asInt() - stats.path("refused").asInt() != lines) {
      report.wrong("the engine was not asked once for each line: " + stats);
    }
    report.note(system, "lines/s", "engine", lines / stats.path("busy_seconds").asDouble());
    report.note(system, "lines/s", "batch", lines / seconds);
    report.note(system, "cores", "stoker", own / seconds);
    report.note(system, "cores", "engine", engineCpu / seconds);
    report.note(system, "cores", "machine", machine / seconds);
    System.out.printf(
        "round %d, %-9s %6d lines: %6.1f lines/s at the engine, %6.1f in all; at most %d at once;"
            + " cores: Stoker %.2f, engine %.2f, machine %.2f%n",
        round,
        system,
        lines,
        report.last(system, "lines/s", "engine"),
        report.last(system, "lines/s", "batch"),
        stats.path("running_max").asInt(),
        own / seconds,
        engineCpu / seconds,
        machine / seconds);
  }

  private static String system(int count) {
    return count == 1 ? "1 worker" : count + " workers";
  }

  /** From just before it is created to its end, in seconds. */
  private double batch(int lines) throws Exception {
    String file = stoker.upload(input(lines));
    long begun = System.nanoTime();
    JsonNode batch = stoker.create(file, ENDPOINT);
    batch = stoker.awaitEnd(batch.path("id").asString(), LOOK);
    double seconds = (System.nanoTime() - begun) / 1e9;
    Path output = directory.resolve("output.jsonl");
    Files.deleteIfExists(output); // a download overwrites no more than it brings
    stoker.download(batch.path("output_file_id").asString(), output);
    try (Stream<String> answers = Files.lines(output)) {
      List<String> ids = answers.map(it -> it.replaceFirst(".*?\"custom_id\":\"(\\d+)\".*", "$1")).toList();
      if (ids.size() != lines || Set.copyOf(ids).size() != lines) {
        report.wrong("%d lines, and %d answers to %d of them".formatted(lines, ids.size(), Set.copyOf(ids).size()));
      }
    }
    return seconds;
  }

  private Path input(int lines) throws IOException {
    Path input = directory.resolve("input.jsonl");
    try (Writer out = Files.newBufferedWriter(input)) {
      for (int line = 0; line < lines; line++) {
        out.write(
            """
            {"custom_id":"%d","method":"POST","url":"%s","body":{"model":"mock","messages":[{"role":"user","content":"Line %d of %d."}],"max_tokens":256}}
            """
                .formatted(line, ENDPOINT, line, lines));
      }
    }
    return input;
  }

  private String ask(HttpRequest request) throws IOException, InterruptedException {
    return http.send(request, BodyHandlers.ofString()).body();
  }

  private static double cpuSeconds(long pid) {
    return ProcessHandle.of(pid)
        .flatMap(process -> process.info().totalCpuDuration())
        .map(time -> time.toNanos() / 1e9)
        .orElse(Double.NaN);
  }

  /** What all processors have worked, for whomever: see proc_stat(5). */
  private static double machineSeconds() throws IOException {
    String[] ticks =
        Files.readString(Path.of("/proc/stat")).lines().findFirst().orElseThrow().split(" +", -1);
    long busy = 0;
    for (int place : new int[] {1, 2, 3, 6, 7}) {
      busy += Long.parseLong(ticks[place]);
    }
    return busy / TICKS_PER_SECOND;
  }

  private void tell() throws IOException {
    String first = system(counts.getFirst());
    for (int count : counts.subList(1, counts.size())) {
      double times = report.medianRatio(system(count), first, "lines/s", "engine");
      report.atLeast(
          system(count),
          system(count) + ", part of linear",
          times * counts.getFirst() / count,
          OF_LINEAR_MIN);
    }
    report.tell(first);
  }
}
