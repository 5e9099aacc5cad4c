import dev.stoker.database.DatabaseSettings;
import dev.stoker.queue.Lease;
import dev.stoker.queue.ShardTable;
import dev.stoker.settings.Settings;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** Claims from queues of several lengths. Started by scripts/benchmark/backlog.sh. */
final class Backlog {
  private static final String STOKER = "stoker";
  private static final String MODEL = "null";
  private static final String SURPRISED = "claim after a night";
  private static final Duration TTL = Duration.ofMinutes(10);
  private static final int CLAIMS = 10;
  private static final int WARM_UPS = 20;
  private static final int DRAINED = 5000;
  private static final double FLAT = 1.5;

  private static final List<String> TABLES =
      List.of("batch", "file_part", "shard", "result_group", "line_strike");

  private static final String PART =
      """
      INSERT INTO file_part (file, ordinal, first_line, last_line, requests, faults, urls, models, model_lines,
                             custom_ids, content)
      VALUES (:file, 0, 1, 4, 4, 0, ARRAY['/v1/embeddings'], ARRAY['null'], ARRAY[4], '{}', :content)
      """;

  private static final String FILL =
      """
      WITH wanted AS MATERIALIZED (
          SELECT uuidv7() AS id, (n % 3)::smallint AS priority, CASE n % 16 WHEN 0 THEN 'other' ELSE 'null' END AS model,
                 now() + interval '24 hours' + n % 1000 * interval '1 second' AS expires_at
          FROM generate_series(1, :batches) AS n
      ), made AS (
          INSERT INTO batch (id, endpoint, input_file_id, completion_window, priority, model, status, total,
                             expires_at, in_progress_at)
          SELECT id, '/v1/embeddings', 'file', '24h', priority, model, 'in_progress', 4, expires_at, now() FROM wanted
      )
      INSERT INTO shard (batch, ordinal, file, part, model, lines, priority, deadline)
      SELECT id, 0, :file, 0, model, 4, priority, expires_at FROM wanted
      """;

  /** A copy of Stoker's tables with so many batches. */
  private record Waiting(int batches, JdbcClient jdbc, ShardTable shards) {

    static Waiting of(int batches, DatabaseSettings settings) {
      String schema = "waiting_" + batches;
      JdbcClient jdbc =
          JdbcClient.create(
              new SingleConnectionDataSource(
                  settings.jdbcUrl() + "?currentSchema=" + schema,
                  settings.user(),
                  settings.password(),
                  true));
      jdbc.sql("CREATE SCHEMA " + schema).update();
      for (String table : TABLES) {
        jdbc.sql("CREATE TABLE %s (LIKE public.%s INCLUDING ALL)".formatted(table, table)).update();
        // Or the planner would learn at some time what it is not to know yet.
        jdbc.sql("ALTER TABLE %s SET (autovacuum_enabled = false)".formatted(table)).update();
      }
      UUID file = UUID.randomUUID();
      jdbc.sql(PART).param("file", file).param("content", new byte[400]).update();
      jdbc.sql(FILL).param("file", file).param("batches", batches).update();
      Waiting waiting = new Waiting(batches, jdbc, new ShardTable(jdbc));
      waiting.vacuum();
      return waiting;
    }

    void vacuum() {
      jdbc.sql("VACUUM ANALYZE shard, batch").update();
    }

    /** All was done when the planner looked, and all of it waits again. */
    void surprise() {
      jdbc.sql("UPDATE shard SET state = 'done', completed = lines, leased_by = NULL, lease_expires_at = NULL").update();
      vacuum();
      jdbc.sql("UPDATE shard SET state = 'queued', completed = 0").update();
    }

    List<Lease> claim() {
      List<Lease> leases = shards.claim("bench#1", Set.of(MODEL), 1, TTL);
      if (leases.size() != 1) {
        throw new IllegalStateException("nothing was claimed of " + batches);
      }
      return leases;
    }

    String step(String step) {
      return "%s of %,d".formatted(step, batches);
    }
  }

  private final int rounds;
  private final List<Waiting> queues;
  private final Report report = Report.of("backlog");

  private Backlog(String[] arguments) {
    this.rounds = Integer.parseInt(arguments[0]);
    DatabaseSettings settings = DatabaseSettings.from(Settings.ofEnvironment());
    this.queues =
        Arrays.stream(arguments[1].split(",", -1))
            .map(Integer::valueOf)
            .sorted()
            .map(batches -> Waiting.of(batches, settings))
            .toList();
  }

  public static void main(String[] arguments) throws IOException {
    new Backlog(arguments).run();
  }

  private void run() throws IOException {
    for (int warmUp = 0; warmUp < WARM_UPS; warmUp++) {
      queues.forEach(queue -> vacuumed(queue, Report.of("backlog")));
    }
    for (int round = 0; round < rounds; round++) {
      queues.forEach(queue -> vacuumed(queue, report));
    }
    drain(queues.getLast());
    queues.forEach(Waiting::surprise);
    for (int round = 0; round < rounds; round++) {
      queues.forEach(this::surprised);
    }
    for (Waiting queue : queues.subList(1, queues.size())) {
      reach(queue, "claim");
      reach(queue, "read");
      reach(queue, SURPRISED);
    }
    report.tell("");
  }

  private void reach(Waiting queue, String step) {
    Waiting shortest = queues.getFirst();
    report.atMost(
        STOKER,
        "a %s to one of %,d batches".formatted(queue.step(step), shortest.batches()),
        report.median(STOKER, "ms", queue.step(step))
            / report.median(STOKER, "ms", shortest.step(step)),
        FLAT);
  }

  /** The milliseconds of each claim of a round, and of each read. */
  private record Times(List<Double> claims, List<Double> reads) {}

  private static Times round(Waiting queue) {
    Times times = new Times(new ArrayList<>(), new ArrayList<>());
    List<Lease> leases = new ArrayList<>();
    for (int claim = 0; claim < Math.min(CLAIMS, queue.batches() / 2); claim++) {
      long begun = System.nanoTime();
      List<Lease> claimed = queue.claim();
      times.claims().add(millisecondsSince(begun));
      begun = System.nanoTime();
      queue.shards().read(claimed);
      times.reads().add(millisecondsSince(begun));
      leases.addAll(claimed);
    }
    queue.shards().giveBack(leases, Duration.ZERO);
    return times;
  }

  private static void vacuumed(Waiting queue, Report into) {
    Times times = round(queue);
    queue.vacuum();
    into.note(STOKER, "ms", queue.step("claim"), Report.quantile(times.claims(), 0.5));
    into.note(STOKER, "ms", queue.step("read"), Report.quantile(times.reads(), 0.5));
  }

  private void surprised(Waiting queue) {
    report.note(STOKER, "ms", queue.step(SURPRISED), Report.quantile(round(queue).claims(), 0.5));
  }

  private void drain(Waiting queue) {
    int claims = Math.min(DRAINED, queue.batches() / 2);
    int part = Math.max(1, claims / 10);
    for (int claim = 0; claim < claims; claim++) {
      long begun = System.nanoTime();
      queue.claim();
      double took = millisecondsSince(begun);
      if (claim < part) {
        report.note(STOKER, "ms", "first of the drain", took);
      } else if (claim >= claims - part) {
        report.note(STOKER, "ms", "last of the drain", took);
      }
    }
  }

  private static double millisecondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e6;
  }
}
