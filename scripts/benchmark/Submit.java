import dev.stoker.database.Database;
import dev.stoker.database.DatabaseSettings;
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
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** Many clients create batches at once. Started by scripts/benchmark/submit.sh. */
final class Submit {
  private static final String STOKER = "stoker";
  private static final int LINES = 5;
  private static final int WARM_UPS = 5;
  private static final long PROBE_MILLIS = 20;
  private static final double P99 = 0.99;
  private static final Duration LOOK = Duration.ofMillis(20);

  /** Something that is timed. */
  private interface Call {
    void go() throws Exception;
  }

  private final int batches;
  private final int rounds;
  private final String api = System.getenv("BENCH_API");

  /** Programs that have run for a while: they are connected, and keep their connections. */
  private final List<StokerClient> clients;

  private final StokerClient prober = new StokerClient(api);
  private final ProcessTimes times = new ProcessTimes(Path.of(System.getenv("STOKER_DATA_DIR")));
  private final Path input;
  private final Report report;

  private Submit(String[] arguments) throws IOException {
    this.batches = Integer.parseInt(arguments[0]);
    this.clients =
        Stream.generate(() -> new StokerClient(api + "/v1"))
            .limit(Integer.parseInt(arguments[1]))
            .toList();
    this.rounds = Integer.parseInt(arguments[2]);
    StringBuilder lines = new StringBuilder();
    for (int line = 1; line <= LINES; line++) {
      lines.append(
          "{\"custom_id\":\"%d\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\"null\",\"input\":\"text\"}}\n"
              .formatted(line));
    }
    this.input = Files.writeString(Path.of(System.getenv("BENCH_DIRECTORY"), "input.jsonl"), lines);
    this.report = Report.of("submit").fact("batches", batches).fact("clients", clients.size());
  }

  public static void main(String[] arguments) throws Exception {
    Submit submit = new Submit(arguments);
    submit.run();
    System.exit(submit.report.exact() ? 0 : 1);
  }

  private void run() throws Exception {
    DatabaseSettings settings = DatabaseSettings.from(Settings.ofEnvironment());
    try (Database database = Database.open(settings, "bench", 1)) {
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
    reach("create p99", 50);
    reach("health p99", 10);
    reach("gate p99", 10);
    report.tell("");
  }

  private void reach(String step, double milliseconds) {
    report.atMost(STOKER, "ms of " + step, report.median(STOKER, "ms", step), milliseconds);
  }

  private void round(Database database, Report into) throws Exception {
    List<String> files = upload();
    Queue<Double> create = new ConcurrentLinkedQueue<>();
    Queue<Double> health = new ConcurrentLinkedQueue<>();
    Queue<Double> gate = new ConcurrentLinkedQueue<>();
    Queue<String> created = new ConcurrentLinkedQueue<>();
    AtomicInteger next = new AtomicInteger();
    AtomicBoolean done = new AtomicBoolean();
    WorkerHeartbeatTable workers = new WorkerHeartbeatTable(database.jdbc());
    WorkerSlotTable slots = new WorkerSlotTable(database.jdbc());
    Gate decision = Gate.from(Settings.ofEnvironment());
    Map<String, Double> cpu = times.now();
    long begun = System.nanoTime();
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<?>> clientsDone = new ArrayList<>();
      for (StokerClient stoker : clients) {
        clientsDone.add(
            threads.submit(
                () -> {
                  int at;
                  while ((at = next.getAndIncrement()) < batches) {
                    String file = files.get(at);
                    timed(
                        create,
                        () ->
                            created.add(
                                stoker.create(file, "/v1/embeddings").path("id").asString("")));
                  }
                  return null;
                }));
      }
      Future<?> healthProbe =
          threads.submit(() -> probe(done, health, () -> prober.discard("health")));
      Future<?> gateProbe =
          threads.submit(
              () ->
                  probe(
                      done,
                      gate,
                      () -> {
                        if (!(decision.decide(workers.all(), slots.all())
                            instanceof GateDecision.Open)) {
                          report.wrong("the gate is closed");
                        }
                      }));
      for (Future<?> client : clientsDone) {
        client.get();
      }
      into.note(STOKER, "batches/s", "create", batches / ((System.nanoTime() - begun) / 1e9));
      done.set(true);
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
      files.add(clients.get(file % clients.size()).upload(input));
    }
    return files;
  }

  private static Void probe(AtomicBoolean done, Queue<Double> into, Call call) throws Exception {
    while (!done.get()) {
      timed(into, call);
      TimeUnit.MILLISECONDS.sleep(PROBE_MILLIS);
    }
    return null;
  }

  private static void timed(Queue<Double> milliseconds, Call call) throws Exception {
    long begun = System.nanoTime();
    call.go();
    milliseconds.add((System.nanoTime() - begun) / 1e6);
  }

  private static void note(String step, Queue<Double> milliseconds, Report into) {
    List<Double> all = List.copyOf(milliseconds);
    into.note(STOKER, "ms", step + " median", Report.quantile(all, 0.5));
    into.note(STOKER, "ms", step + " p99", Report.quantile(all, P99));
    into.note(STOKER, "ms", step + " largest", Report.quantile(all, 1));
  }

  private void check(Queue<String> created) throws Exception {
    for (String batch : created) {
      JsonNode ended = clients.getFirst().awaitEnd(batch, LOOK);
      if (ended.path("request_counts").path("completed").asInt() != LINES) {
        report.wrong("a batch did not complete: " + ended);
        return;
      }
    }
  }
}
