import dev.stoker.database.Database;
import dev.stoker.database.DatabaseSettings;
import dev.stoker.database.RoundTrip;
import dev.stoker.health.Gate;
import dev.stoker.health.GateDecision;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerSlotTable;
import dev.stoker.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.jdbc.core.JdbcTemplate;
import tools.jackson.databind.JsonNode;

/** Many clients create batches at once. Started by scripts/benchmark/submit.sh. */
final class Submit {
  private static final String STOKER = "stoker";
  private static final int LINES = 5;
  /** What the JVM compiles it has compiled then. */
  private static final int WARM_UPS = 15;
  private static final long PROBE_MILLIS = 20;
  private static final int GATE_CONNECTIONS = 4;
  private static final double P99 = 0.99;
  private static final Duration LOOK = Duration.ofMillis(20);

  /** Something that is timed. */
  private interface Call {
    void go() throws Exception;
  }

  private final int batches;
  private final int rounds;
  private final String api = System.getenv("BENCH_API");

  private final int clients;

  /** They are connected, and keep their connections. */
  private final StokerClient stoker;

  private final StokerClient prober = StokerClient.ofMany(api);
  private final ProcessTimes times = new ProcessTimes(Path.of(System.getenv("STOKER_DATA_DIR")));
  private final Path input;
  private final Report report;

  /** What each call took, in milliseconds, over all rounds. */
  private final Map<String, Queue<Double>> all = new ConcurrentHashMap<>();

  private Submit(String[] arguments) throws IOException {
    this.batches = Integer.parseInt(arguments[0]);
    this.clients = Integer.parseInt(arguments[1]);
    this.stoker = StokerClient.ofMany(api + "/v1");
    this.rounds = Integer.parseInt(arguments[2]);
    StringBuilder lines = new StringBuilder();
    for (int line = 1; line <= LINES; line++) {
      lines.append(
          "{\"custom_id\":\"%d\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\"null\",\"input\":\"text\"}}\n"
              .formatted(line));
    }
    this.input = Files.writeString(Path.of(System.getenv("BENCH_DIRECTORY"), "input.jsonl"), lines);
    this.report = Report.of("submit").fact("batches", batches).fact("clients", clients);
  }

  public static void main(String[] arguments) throws Exception {
    Submit submit = new Submit(arguments);
    submit.run();
    System.exit(submit.report.exact() ? 0 : 1);
  }

  private void run() throws Exception {
    DatabaseSettings settings = DatabaseSettings.from(Settings.ofEnvironment());
    try (Database database = Database.open(settings, "bench", GATE_CONNECTIONS)) {
      for (int warmUp = 0; warmUp < WARM_UPS; warmUp++) {
        round(database, Report.of("submit"));
      }
      for (int round = 1; round <= rounds; round++) {
        round(database, report);
        System.out.printf(
            "round %d: p99 in ms: create %.1f, health %.1f, gate %.1f; %.0f batches/s%n",
            round,
            report.last(STOKER, "ms", "create p99"),
            report.last(STOKER, "ms", "health p99"),
            report.last(STOKER, "ms", "gate p99"),
            report.last(STOKER, "batches/s", "create"));
      }
    }
    reach("create", 50);
    reach("health", 10);
    reach("gate", 10);
    report.tell("");
  }

  private void reach(String step, double milliseconds) {
    List<Double> calls = List.copyOf(all.get(step));
    report.fact(STOKER, step + " calls", calls.size());
    report.atMost(
        STOKER,
        "ms that 99 of 100 calls to %s take".formatted(step),
        Report.quantile(calls, P99),
        milliseconds);
  }

  private void round(Database database, Report into) throws Exception {
    List<String> files = upload();
    Queue<Double> create = new ConcurrentLinkedQueue<>();
    Queue<Double> health = new ConcurrentLinkedQueue<>();
    Queue<Double> gate = new ConcurrentLinkedQueue<>();
    Queue<String> created = new ConcurrentLinkedQueue<>();
    AtomicInteger next = new AtomicInteger();
    AtomicBoolean done = new AtomicBoolean();
    JdbcTemplate gateConnection = new JdbcTemplate(database.dataSource());
    Gate decision = Gate.from(Settings.ofEnvironment());
    Map<String, Double> cpu = times.now();
    long begun = System.nanoTime();
    try (ExecutorService clientThreads = Executors.newVirtualThreadPerTaskExecutor();
        ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<?>> clientsDone = new ArrayList<>();
      for (int client = 0; client < clients; client++) {
        clientsDone.add(
            clientThreads.submit(
                () -> {
                  int at;
                  while ((at = next.getAndIncrement()) < batches) {
                    String file = files.get(at);
                    timed(
                        create,
                        () ->
                            created.add(stoker.create(file)));
                  }
                  return null;
                }));
      }
      Future<?> healthProbe =
          threads.submit(() -> probe(threads, done, health, () -> prober.discard("health")));
      Future<?> gateProbe =
          threads.submit(
              () ->
                  probe(
                      threads,
                      done,
                      gate,
                      () -> {
                        RoundTrip trip = new RoundTrip();
                        var workers = trip.ask(WorkerHeartbeatTable.ALL);
                        var slots = trip.ask(WorkerSlotTable.ALL);
                        trip.send(gateConnection);
                        if (!(decision.decide(workers.get(), slots.get())
                            instanceof GateDecision.Open)) {
                          report.wrong("the gate is closed");
                        }
                      }));
      try {
        for (Future<?> client : clientsDone) {
          client.get();
        }
        into.note(STOKER, "batches/s", "create", batches / ((System.nanoTime() - begun) / 1e9));
      } finally {
        done.set(true);
      }
      healthProbe.get();
      gateProbe.get();
    }
    Map<String, Double> spent = times.now();
    spent.forEach(
        (process, seconds) ->
            into.note(
                STOKER,
                "CPU ms a batch",
                process,
                1000 * (seconds - cpu.getOrDefault(process, 0.0)) / batches));
    note("create", create, into);
    note("health", health, into);
    note("gate", gate, into);
    check(created);
  }

  private List<String> upload() throws Exception {
    prober.discard("health");
    List<String> files = new ArrayList<>();
    for (int file = 0; file < batches; file++) {
      files.add(stoker.upload(input));
    }
    return files;
  }

  /** Whether or not the one before has been answered: a slow one must not hide the next. */
  private static Void probe(
      ExecutorService threads, AtomicBoolean done, Queue<Double> into, Call call) throws Exception {
    List<Future<Void>> probes = new ArrayList<>();
    while (!done.get()) {
      probes.add(
          threads.submit(
              () -> {
                timed(into, call);
                return null;
              }));
      TimeUnit.MILLISECONDS.sleep(PROBE_MILLIS);
    }
    for (Future<Void> probe : probes) {
      probe.get();
    }
    return null;
  }

  private static void timed(Queue<Double> milliseconds, Call call) throws Exception {
    long begun = System.nanoTime();
    call.go();
    milliseconds.add((System.nanoTime() - begun) / 1e6);
  }

  private void note(String step, Queue<Double> milliseconds, Report into) {
    List<Double> calls = List.copyOf(milliseconds);
    into.note(STOKER, "ms", step + " median", Report.quantile(calls, 0.5));
    into.note(STOKER, "ms", step + " p99", Report.quantile(calls, P99));
    into.note(STOKER, "ms", step + " largest", Report.quantile(calls, 1));
    if (into == report) {
      all.computeIfAbsent(step, _ -> new ConcurrentLinkedQueue<>()).addAll(calls);
    }
  }

  private void check(Queue<String> created) throws Exception {
    for (String batch : created) {
      JsonNode ended = stoker.awaitEnd(batch, LOOK);
      if (ended.path("request_counts").path("completed").asInt() != LINES) {
        report.wrong("a batch did not complete: " + ended);
        return;
      }
    }
  }
}
