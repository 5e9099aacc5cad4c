import dev.stoker.database.DatabaseSettings;
import dev.stoker.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Kills the worker of one system again and again. Started by scripts/benchmark/recovery.sh. */
final class Recovery {
  private static final JsonMapper JSON = new JsonMapper();
  private static final long LOOK_MILLIS = 5;
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final int FLOWING_LINES = 500;
  private static final double FULL = 0.8;

  private enum Step {
    NOTICED("noticed"),
    STARTED("started"),
    READY("ready"),
    FIRST_LINE("first line"),
    FULL_RATE("full rate");

    private final String label;

    Step(String label) {
      this.label = label;
    }
  }

  /** What the database says in one look. */
  private record Look(long done, long readyPid) {}

  private record Mark(long nanos, long done) {}

  private final String system;
  private final Path log;
  private final int kills;
  private final int lines;
  private final StokerClient stoker;
  private final Path directory;
  private final Path pidFile;
  private final Deque<Mark> lastSecond = new ArrayDeque<>();
  private final Report report;
  private final PreparedStatement query;

  private Recovery(String[] arguments, Connection connection, Path data) throws SQLException {
    this.system = arguments[0];
    this.log = Path.of(arguments[1]);
    this.kills = Integer.parseInt(arguments[2]);
    this.lines = Integer.parseInt(arguments[3]);
    this.stoker = new StokerClient(System.getenv("BENCH_API") + "/v1");
    this.directory = Path.of(System.getenv("BENCH_DIRECTORY"));
    this.report = Report.of("recovery").fact("kills", kills).fact("lines", lines);
    this.pidFile = data.resolve("run/worker.pid");
    this.query =
        connection.prepareStatement(
            """
            SELECT (SELECT coalesce(sum(completed + failed), 0) FROM shard WHERE batch = ?),
                   (SELECT coalesce(max(pid), 0) FROM worker_heartbeat WHERE status = 'ready')
            """);
  }

  public static void main(String[] arguments) throws Exception {
    DatabaseSettings database = DatabaseSettings.from(Settings.ofEnvironment());
    try (Connection connection =
        DriverManager.getConnection(database.jdbcUrl(), database.user(), database.password())) {
      Recovery recovery = new Recovery(arguments, connection, database.dataDirectory());
      if (!recovery.run()) {
        recovery.report.wrong("not every custom_id is in the output exactly once");
      }
      recovery.tell();
      System.exit(recovery.report.exact() ? 0 : 1);
    }
  }

  private boolean run() throws Exception {
    String batch = submit();
    query.setObject(1, UUID.fromString(uuid(batch)));
    long begun = System.nanoTime();
    long first = 0;
    for (int kill = 1; kill <= kills; kill++) {
      long from = look().done();
      await("lines flow", () -> look().done() >= from + FLOWING_LINES);
      if (first == 0) {
        first = System.nanoTime();
      }
      double rate = steadyRate();
      if (look().done() > lines - 2 * FLOWING_LINES) {
        System.out.println("The batch is too short for so many kills: use more --lines");
        return false;
      }
      killOnce(rate);
      System.out.printf(
          Locale.ROOT,
          "%s, kill %d of %d: %s, %.0f lines/s before%n",
          system,
          kill,
          kills,
          last(),
          rate);
    }
    await("the batch has ended", () -> status(batch).path("status").asString().equals("completed"));
    System.out.printf(
        Locale.ROOT, "%s: completed after %.0f s%n", system, (System.nanoTime() - begun) / 1e9);
    return exact(status(batch));
  }

  private void killOnce(double rate) throws Exception {
    long pid = pid();
    long logSize = size(log);
    long killed = System.nanoTime();
    new ProcessBuilder("kill", "-KILL", Long.toString(pid)).start();
    Map<Step, Long> at = new EnumMap<>(Step.class);
    long[] baseline = {-1};
    lastSecond.clear();
    await(
        "full rate after a kill",
        () -> {
          long now = System.nanoTime();
          if (size(log) > logSize) {
            at.putIfAbsent(Step.NOTICED, now);
          }
          long newPid = pid();
          if (newPid == pid || newPid == 0) {
            return false;
          }
          at.putIfAbsent(Step.STARTED, now);
          Look look = look();
          if (baseline[0] < 0) {
            baseline[0] = look.done();
          }
          now = System.nanoTime();
          if (look.readyPid() == newPid) {
            at.putIfAbsent(Step.READY, now);
          }
          if (look.done() > baseline[0]) {
            at.putIfAbsent(Step.FIRST_LINE, now);
          }
          if (rate(look, now) >= FULL * rate) {
            at.putIfAbsent(Step.FULL_RATE, now);
          }
          return at.containsKey(Step.FULL_RATE) && at.containsKey(Step.READY);
        });
    at.forEach((step, nanos) -> report.note(system, "seconds", step.label, (nanos - killed) / 1e9));
  }

  /** Lines a second over a second in which nothing is done to the worker. */
  private double steadyRate() throws Exception {
    lastSecond.clear();
    double[] rate = {0};
    await("a steady second", () -> (rate[0] = rate(look(), System.nanoTime())) > 0);
    return rate[0];
  }

  /** Zero until a whole second has been seen. */
  private double rate(Look look, long now) {
    lastSecond.add(new Mark(now, look.done()));
    double rate = 0;
    while (now - lastSecond.peek().nanos() >= 1_000_000_000L) {
      Mark mark = lastSecond.remove();
      rate = (look.done() - mark.done()) * 1e9 / (now - mark.nanos());
    }
    return rate;
  }

  private Look look() {
    try (ResultSet row = query.executeQuery()) {
      row.next();
      return new Look(row.getLong(1), row.getLong(2));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long begun = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - begun > PATIENCE.toNanos()) {
        System.out.println("Waited in vain until " + what);
        System.exit(1);
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
  }

  private long pid() {
    try {
      String text = Files.readString(pidFile).strip();
      return text.isEmpty() ? 0 : Long.parseLong(text.split(" ", -1)[0]);
    } catch (IOException e) {
      return 0;
    }
  }

  private static long size(Path file) {
    return file.toFile().length();
  }

  private String submit() throws IOException, InterruptedException {
    StringBuilder input = new StringBuilder();
    for (int line = 1; line <= lines; line++) {
      input.append(
          """
          {"custom_id":"line-%d","method":"POST","url":"/v1/embeddings","body":{"model":"all-minilm-l6-v2",\
          "input":"Line %d of a benchmark: the worker is killed while the weather is lovely."}}
          """
              .formatted(line, line));
    }
    String file = stoker.upload(Files.writeString(directory.resolve("input.jsonl"), input));
    String[] batch = {""};
    // Refused until a worker shows life.
    await("the batch is accepted", () -> !(batch[0] = created(file)).isEmpty());
    return batch[0];
  }

  private String created(String file) {
    try {
      return stoker.create(file);
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private JsonNode status(String batch) {
    try {
      return stoker.batch(batch);
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String uuid(String batch) {
    return batch
        .substring("batch_".length())
        .replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5");
  }

  /** Whether every custom_id of the input is in the output exactly once, and nothing else. */
  private boolean exact(JsonNode batch) throws IOException, InterruptedException {
    Path output = directory.resolve("output.jsonl");
    stoker.download(batch.path("output_file_id").asString(), output);
    Map<String, Integer> seen = new HashMap<>();
    try (Stream<String> answers = Files.lines(output)) {
      answers.forEach(
          line -> seen.merge(JSON.readTree(line).path("custom_id").asString(), 1, Integer::sum));
    }
    boolean exact = seen.size() == lines;
    for (int line = 1; line <= lines; line++) {
      exact &= seen.getOrDefault("line-" + line, 0) == 1;
    }
    System.out.println(
        system + (exact ? ": every custom_id is in the output exactly once" : ": NOT EXACT"));
    return exact;
  }

  private String last() {
    return Arrays.stream(Step.values())
        .filter(step -> !report.rounds(system, "seconds", step.label).isEmpty())
        .map(
            step ->
                String.format(
                    Locale.ROOT, "%s %.2f", step.label, report.last(system, "seconds", step.label)))
        .collect(Collectors.joining(", "));
  }

  private void tell() throws IOException {
    if (system.equals("stoker")) {
      report.atMost(
          system,
          "seconds from SIGKILL to the first new line",
          report.median(system, "seconds", Step.FIRST_LINE.label),
          1.5);
    }
    report.tell("");
  }
}
