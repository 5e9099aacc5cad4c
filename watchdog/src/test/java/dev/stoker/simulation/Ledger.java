package dev.stoker.simulation;

import dev.stoker.batch.BatchStatus;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Remembers what was in the rows, and says when what is there now breaks a promise. */
final class Ledger {
  private static final String ROWS =
      """
      SELECT b.id, b.input_file_id, b.created_at, b.failed_at, b.status, b.total, b.completed AS b_completed, b.failed AS b_failed,
             b.output_file, b.error_file,
             (SELECT coalesce(sum(cardinality(g.lines)), 0) FROM result_group g WHERE g.batch = b.id) AS results,
             s.ordinal, s.state, s.attempt, s.faults, s.leased_by, s.lines, s.completed, s.failed,
             s.output_bytes, s.error_bytes
      FROM batch b LEFT JOIN shard s ON s.batch = b.id
      ORDER BY b.id, s.ordinal
      """;

  private static final String RESULTS =
      "SELECT line, succeeded, body FROM result WHERE batch = :batch ORDER BY line";

  /** A lease, and as long again for whoever asked for it. */
  private static final Duration LEASE_PAST = Duration.ofSeconds(24);

  /** By the database's clock; who asks later has asked for another batch. */
  private static final Duration RETRIES_LAST = Duration.ofSeconds(60);

  private record Shard(
      int ordinal,
      String state,
      int attempt,
      int faults,
      String leasedBy,
      int lines,
      int completed,
      int failed,
      long outputBytes,
      long errorBytes) {

    int done() {
      return completed + failed;
    }
  }

  private record Batch(
      UUID id,
      String inputFile,
      BatchStatus status,
      Integer total,
      Integer completed,
      Integer failed,
      UUID outputFile,
      UUID errorFile,
      int results,
      Instant createdAt,
      Instant failedAt,
      Map<Integer, Shard> shards) {

    /** Whoever asks again gets a new one then. */
    boolean failedBefore(Batch other) {
      return failedAt != null && !failedAt.isAfter(other.createdAt);
    }
  }

  private record Result(boolean succeeded, byte[] body) {

    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    boolean same(Result other) {
      return succeeded == other.succeeded && Arrays.equals(body, other.body);
    }
  }

  private final JdbcClient observer;
  private final SimulatedClock clock;
  private final Map<UUID, Batch> batches = new LinkedHashMap<>();
  private final Map<UUID, Map<Integer, Result>> results = new HashMap<>();
  private final Set<String> stored = new HashSet<>();
  private final Set<UUID> accepted = new HashSet<>();
  private final Set<UUID> mayBeSwept = new HashSet<>();
  private boolean twins;
  private int asked;

  Ledger(JdbcClient observer, SimulatedClock clock) {
    this.observer = observer;
    this.clock = clock;
  }

  /** A client was told that this batch was accepted. */
  void accepted(UUID batch) {
    accepted.add(batch);
  }

  /** A client deletes a result file of this batch. */
  void mayBeSwept(UUID batch) {
    mayBeSwept.add(batch);
  }

  /** How often an engine was asked. */
  int asked() {
    return asked;
  }

  /** An engine is asked for a line: never for one that has its result. */
  void asked(Line line, String holder) {
    asked++;
    require(
        twins || !stored.contains(line.name()) || !clock.steadyFor(LEASE_PAST),
        "%s asks again for %s, which has its result",
        holder,
        line.name());
  }

  /** Looks at the rows. */
  void check() {
    Map<UUID, Batch> now = read();
    for (UUID id : accepted) {
      require(now.containsKey(id), "the accepted batch %s is gone", id);
    }
    for (Batch was : batches.values()) {
      require(now.containsKey(was.id()), "the batch %s is gone", was.id());
    }
    checkTwins(now);
    now.values().forEach(this::check);
    batches.clear();
    batches.putAll(now);
  }

  private Map<UUID, Batch> read() {
    Map<UUID, Batch> read = new LinkedHashMap<>();
    observer
        .sql(ROWS)
        .query(
            row -> {
              UUID id = row.getObject("id", UUID.class);
              if (!read.containsKey(id)) {
                read.put(id, batch(id, row));
              }
              if (row.getObject("ordinal") != null) {
                Shard shard = shard(row);
                read.get(id).shards().put(shard.ordinal(), shard);
              }
            });
    return read;
  }

  private static Batch batch(UUID id, ResultSet row) throws SQLException {
    return new Batch(
        id,
        row.getString("input_file_id"),
        BatchStatus.ofWireName(row.getString("status")),
        row.getObject("total", Integer.class),
        row.getObject("b_completed", Integer.class),
        row.getObject("b_failed", Integer.class),
        row.getObject("output_file", UUID.class),
        row.getObject("error_file", UUID.class),
        row.getInt("results"),
        instant(row, "created_at"),
        instant(row, "failed_at"),
        new TreeMap<>());
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }

  private static Shard shard(ResultSet row) throws SQLException {
    return new Shard(
        row.getInt("ordinal"),
        row.getString("state"),
        row.getInt("attempt"),
        row.getInt("faults"),
        row.getString("leased_by"),
        row.getInt("lines"),
        row.getInt("completed"),
        row.getInt("failed"),
        row.getLong("output_bytes"),
        row.getLong("error_bytes"));
  }

  private void check(Batch now) {
    Batch was = batches.get(now.id());
    if (was != null) {
      checkStatus(was, now);
      for (Shard shard : was.shards().values()) {
        Shard later = now.shards().get(shard.ordinal());
        require(later != null, "shard %s of %s is gone", shard.ordinal(), now.id());
        checkShard(now, shard, later);
      }
    }
    if (!mayBeSwept.contains(now.id())) {
      checkResults(now, was);
    }
    if (now.status().ended() && now.status() != BatchStatus.FAILED) {
      checkEnd(now);
    }
  }

  private static void checkStatus(Batch was, Batch now) {
    require(
        was.status() == now.status() || was.status().successors().contains(now.status()),
        "%s went from %s to %s",
        now.id(),
        was.status(),
        now.status());
    if (was.status().ended()) {
      require(
          Objects.equals(was.completed(), now.completed())
              && Objects.equals(was.failed(), now.failed())
              && Objects.equals(was.outputFile(), now.outputFile())
              && Objects.equals(was.errorFile(), now.errorFile()),
          "%s changed after its end: %s, now %s",
          now.id(),
          was,
          now);
    }
    require(
        was.total() == null || was.total().equals(now.total()), "%s has another total", now.id());
  }

  private static void checkShard(Batch batch, Shard was, Shard now) {
    String name = batch.id() + "/" + now.ordinal();
    require(now.lines() == was.lines(), "%s has another number of lines", name);
    require(now.attempt() >= was.attempt(), "the fencing token of %s was lowered", name);
    require(now.faults() >= was.faults(), "the faults of %s were lowered", name);
    require(
        now.completed() >= was.completed() && now.failed() >= was.failed(),
        "%s lost results: %s, now %s",
        name,
        was,
        now);
    require(!was.state().equals("done") || now.equals(was), "%s was done and has changed", name);
    boolean anotherHolder =
        now.state().equals("leased")
            && !(was.state().equals("leased") && was.leasedBy().equals(now.leasedBy()));
    require(
        !anotherHolder || now.attempt() > was.attempt(),
        "%s has another holder under the same token: %s, now %s",
        name,
        was,
        now);
    require(
        now.attempt() == was.attempt()
            || now.state().equals("leased")
            || now.attempt() > was.attempt(),
        "%s was claimed by nobody",
        name);
  }

  private void checkResults(Batch now, Batch was) {
    int done = now.shards().values().stream().mapToInt(Shard::done).sum();
    require(
        now.results() == done,
        "%s has %s results, its shards count %s",
        now.id(),
        now.results(),
        done);
    Map<Integer, Result> known = results.computeIfAbsent(now.id(), _ -> new TreeMap<>());
    require(now.results() >= known.size(), "%s has lost results", now.id());
    if (now.results() > known.size()) {
      Map<Integer, Result> read = readResults(now.id());
      known.forEach(
          (line, result) ->
              require(
                  read.containsKey(line) && read.get(line).same(result),
                  "the result of line %s of %s has changed",
                  line,
                  now.id()));
      List<String> writers = writers(now, was);
      read.forEach(
          (line, result) -> {
            if (!known.containsKey(line)) {
              checkNew(now, line, result, writers);
            }
          });
      known.putAll(read);
    }
    checkCounts(now, known.values());
  }

  private Map<Integer, Result> readResults(UUID batch) {
    Map<Integer, Result> read = new TreeMap<>();
    observer
        .sql(RESULTS)
        .param("batch", batch)
        .query(
            row -> {
              read.put(
                  row.getInt("line"),
                  new Result(row.getBoolean("succeeded"), row.getBytes("body")));
            });
    return read;
  }

  /** Who held the shards that have got on. */
  private static List<String> writers(Batch now, Batch was) {
    List<String> holders = new ArrayList<>();
    for (Shard shard : now.shards().values()) {
      Shard before = was == null ? null : was.shards().get(shard.ordinal());
      if (before != null && before.done() < shard.done() && before.leasedBy() != null) {
        holders.add(before.leasedBy());
      }
    }
    return holders;
  }

  private void checkNew(Batch batch, int line, Result result, List<String> writers) {
    String text = result.text();
    String by = valueOf(text, "\"by\":\"");
    require(
        by.isEmpty() || writers.contains(by),
        "line %s of %s was written by %s, when %s held what has got on",
        line,
        batch.id(),
        by,
        writers);
    stored.add(valueOf(text, "\"custom_id\":\""));
  }

  private static void checkCounts(Batch batch, Collection<Result> read) {
    checkCounts(
        batch,
        read.stream().filter(Result::succeeded).toList(),
        batch.shards().values().stream().mapToInt(Shard::completed).sum(),
        batch.shards().values().stream().mapToLong(Shard::outputBytes).sum());
    checkCounts(
        batch,
        read.stream().filter(result -> !result.succeeded()).toList(),
        batch.shards().values().stream().mapToInt(Shard::failed).sum(),
        batch.shards().values().stream().mapToLong(Shard::errorBytes).sum());
  }

  private static void checkCounts(Batch batch, List<Result> read, int lines, long bytes) {
    long length = read.stream().mapToLong(result -> result.body().length + 1).sum();
    require(
        read.size() == lines && length == bytes,
        "%s has %s results of one kind, %s bytes; its shards count %s and %s",
        batch.id(),
        read.size(),
        length,
        lines,
        bytes);
  }

  private static void checkEnd(Batch now) {
    require(
        Objects.equals(now.total(), now.completed() + now.failed()),
        "%s ended without accounting for every line: %s",
        now.id(),
        now);
    for (Shard shard : now.shards().values()) {
      require(shard.state().equals("done"), "%s ended before its shard %s", now.id(), shard);
    }
    require(
        (now.outputFile() != null) == (now.completed() > 0)
            && (now.errorFile() != null) == (now.failed() > 0),
        "%s has the wrong files: %s",
        now.id(),
        now);
  }

  /** At the end of all. */
  void checkAllEnded() {
    check();
    batches
        .values()
        .forEach(
            batch -> require(batch.status().ended(), "%s has not ended: %s", batch.id(), batch));
  }

  /**
   * Each client has a file for each batch, and asks for one again only if it got no answer; what
   * has failed by then is not what it asks for.
   */
  private void checkTwins(Map<UUID, Batch> now) {
    for (Batch one : now.values()) {
      for (Batch other : now.values()) {
        if (!one.id().equals(other.id()) && one.inputFile().equals(other.inputFile())) {
          twins = true;
          Duration apart = Duration.between(one.createdAt(), other.createdAt()).abs();
          require(
              apart.compareTo(RETRIES_LAST) >= 0
                  || one.failedBefore(other)
                  || other.failedBefore(one),
              "two batches were made of one request: %s and %s",
              one.id(),
              other.id());
        }
      }
    }
  }

  static String valueOf(String json, String mark) {
    int at = json.indexOf(mark);
    return at < 0 ? "" : json.substring(at + mark.length(), json.indexOf('"', at + mark.length()));
  }

  @SuppressWarnings("AnnotateFormatMethod") // its annotation would be one more dependency
  static void require(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new SimulationFailed(message.formatted(values));
    }
  }
}
