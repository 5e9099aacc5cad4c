package dev.stoker.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import dev.stoker.file.FileId;
import dev.stoker.health.WorkerId;
import dev.stoker.health.WorkerStatus;
import dev.stoker.id.OrderedIds;
import dev.stoker.queue.Lease;
import dev.stoker.queue.ShardKey;
import dev.stoker.queue.ShardTable;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.SqlArrayValue;

/**
 * Builds and reads rows in one line each:
 *
 * <pre>{@code
 * BatchId batch = rows.batch().part("m", 256).part("m", 3).priority(-1).insert();
 * FileId file = rows.file(Map.of("m", 2));
 * }</pre>
 */
public final class Rows {

  public static final String URL = "/v1/embeddings";

  private final TestDatabase database;
  private final OrderedIds ids = new OrderedIds(InstantSource.system());

  public Rows(TestDatabase database) {
    this.database = database;
  }

  /** A shard's row. */
  public record Shard(
      String state,
      int attempt,
      int faults,
      String leasedBy,
      int completed,
      int failed,
      long outputBytes,
      long errorBytes,
      long inputTokens,
      long cachedTokens,
      long outputTokens,
      long reasoningTokens) {}

  /** A result's row. */
  public record Result(int line, boolean succeeded, String body) {}

  /** An uploaded file with a part of so many lines for a model. */
  public FileId file(String model, int... linesOfParts) {
    return file(Arrays.stream(linesOfParts).mapToObj(lines -> Map.of(model, lines)).toList());
  }

  /** An uploaded file; each part has so many lines of each model, one model after another. */
  public FileId file(List<? extends Map<String, Integer>> parts) {
    FileId file = new FileId(ids.next());
    jdbc()
        .sql(
            "INSERT INTO file (id, purpose, filename, status) VALUES (?, 'batch', 'f', 'processed')")
        .param(file.value())
        .update();
    int firstLine = 1;
    for (int ordinal = 0; ordinal < parts.size(); ordinal++) {
      firstLine = part(file, ordinal, firstLine, parts.get(ordinal));
    }
    return file;
  }

  private int part(FileId file, int ordinal, int firstLine, Map<String, Integer> models) {
    StringBuilder content = new StringBuilder();
    int line = firstLine;
    for (Map.Entry<String, Integer> model : models.entrySet()) {
      for (int i = 0; i < model.getValue(); i++) {
        content.append(line(line++, model.getKey())).append('\n');
      }
    }
    jdbc()
        .sql(
            """
            INSERT INTO file_part (file, ordinal, first_line, last_line, requests, faults, urls, models, model_lines,
                                   custom_ids, content)
            VALUES (:file, :ordinal, :first, :last, :requests, 0, :urls, :models, :model_lines, '{}', :content)
            """)
        .param("file", file.value())
        .param("ordinal", ordinal)
        .param("first", firstLine)
        .param("last", line - 1)
        .param("requests", line - firstLine)
        .param("urls", new SqlArrayValue("text", URL))
        .param("models", new SqlArrayValue("text", models.keySet().toArray()))
        .param("model_lines", models.values().stream().mapToInt(Integer::intValue).toArray())
        .param("content", content.toString().getBytes(UTF_8))
        .update();
    return line;
  }

  /** The input line of a physical line number. */
  public static String line(int line, String model) {
    return """
    {"custom_id":"c%d","method":"POST","url":"%s","body":{"model":"%s","input":"text %d"}}"""
        .formatted(line, URL, model, line);
  }

  /** A batch in progress, unless told otherwise, whose window ends in a day. */
  public BatchRow batch() {
    return new BatchRow();
  }

  /** A batch with its input file and its shards. */
  public final class BatchRow {
    private final List<SequencedMap<String, Integer>> parts = new ArrayList<>();
    private BatchStatus status = BatchStatus.IN_PROGRESS;
    private int priority;
    private Duration window = Duration.ofDays(1);

    /** A part of the input file: so many lines for a model. */
    public BatchRow part(String model, int lines) {
      parts.add(new LinkedHashMap<>(Map.of(model, lines)));
      return this;
    }

    /** More lines in the last part, for another model. */
    public BatchRow and(String model, int lines) {
      parts.getLast().put(model, lines);
      return this;
    }

    public BatchRow status(BatchStatus wanted) {
      status = wanted;
      return this;
    }

    public BatchRow priority(int wanted) {
      priority = wanted;
      return this;
    }

    /** When its window ends, from now; a negative one has ended. */
    public BatchRow window(Duration wanted) {
      window = wanted;
      return this;
    }

    public BatchId insert() {
      FileId file = file(parts);
      BatchId batch = new BatchId(ids.next());
      jdbc()
          .sql(
              """
              INSERT INTO batch (id, endpoint, input_file_id, completion_window, status, priority, total, expires_at)
              VALUES (:id, :endpoint, :file, '24h', 'validating', :priority, :total,
                      now() + :window_ms * interval '1 millisecond')
              """)
          .param("id", batch.value())
          .param("endpoint", URL)
          .param("file", file.toString())
          .param("priority", priority)
          .param("total", lines())
          .param("window_ms", window.toMillis())
          .update();
      new ShardTable(jdbc()).enqueue(batch, file.value());
      move(batch, status);
      return batch;
    }

    private int lines() {
      return parts.stream()
          .flatMap(models -> models.values().stream())
          .mapToInt(Integer::intValue)
          .sum();
    }
  }

  /** Puts a batch into a status, whatever it was in; where it has ended, every line failed. */
  public void move(BatchId batch, BatchStatus status) {
    String time = status == BatchStatus.VALIDATING ? "created" : status.wireName();
    jdbc()
        .sql(
            "UPDATE batch SET status = :status, errors = CASE :status WHEN 'failed' THEN '[]' END,"
                + " completed = CASE WHEN :ended THEN 0 END,"
                + " failed = CASE WHEN :ended THEN total END,"
                + (" " + time + "_at = now() WHERE id = :batch"))
        .param("status", status.wireName())
        .param("ended", status.ended())
        .param("batch", batch.value())
        .update();
  }

  /** The window of a batch has just ended. */
  public void endWindow(BatchId batch) {
    jdbc()
        .sql("UPDATE batch SET expires_at = now() - interval '1 ms' WHERE id = ?")
        .param(batch.value())
        .update();
  }

  /** The time of a lease is over. */
  public void expire(Lease lease) {
    jdbc()
        .sql(
            "UPDATE shard SET lease_expires_at = now() - interval '1 ms' WHERE batch = ? AND"
                + " ordinal = ?")
        .param(lease.key().batch().value())
        .param(lease.key().ordinal())
        .update();
  }

  /** A shard has taken so many holders with it. */
  public void faults(ShardKey key, int faults) {
    jdbc()
        .sql("UPDATE shard SET faults = ?, attempt = ? WHERE batch = ? AND ordinal = ?")
        .param(faults)
        .param(faults)
        .param(key.batch().value())
        .param(key.ordinal())
        .update();
  }

  public Shard shard(ShardKey key) {
    return jdbc()
        .sql("SELECT * FROM shard WHERE batch = ? AND ordinal = ?")
        .param(key.batch().value())
        .param(key.ordinal())
        .query(Shard.class)
        .single();
  }

  /** A batch's results in line order. */
  public List<Result> results(BatchId batch) {
    return jdbc()
        .sql(
            "SELECT line, succeeded, convert_from(body, 'UTF8') AS body FROM result WHERE batch = ?"
                + " ORDER BY line")
        .param(batch.value())
        .query(Result.class)
        .list();
  }

  public BatchStatus status(BatchId batch) {
    return BatchStatus.ofWireName(
        jdbc()
            .sql("SELECT status FROM batch WHERE id = ?")
            .param(batch.value())
            .query(String.class)
            .single());
  }

  /** A worker whose newest heartbeat is so old. */
  public WorkerId heartbeat(String worker, WorkerStatus status, Duration age) {
    jdbc()
        .sql(
            """
            INSERT INTO worker_heartbeat (worker, incarnation, host, pid, process_start_ticks, boot_id, status, models,
                                          last_seen_at)
            VALUES (:worker, 1, 'host', 4711, 1, 'boot', :status, '{m}', now() - :age_ms * interval '1 millisecond')
            """)
        .param("worker", worker)
        .param("status", status.wireName())
        .param("age_ms", age.toMillis())
        .update();
    return new WorkerId(worker, 1);
  }

  /** One recovery of a worker, reserved so long ago. */
  public void recovery(String worker, boolean planned, Duration age) {
    jdbc()
        .sql(
            """
            INSERT INTO recovery (worker, planned, cause, reserved_at)
            VALUES (:worker, :planned, 'exited', now() - :age_ms * interval '1 millisecond')
            """)
        .param("worker", worker)
        .param("planned", planned)
        .param("age_ms", age.toMillis())
        .update();
  }

  /** One value of one row. */
  public <T> T value(Class<T> type, String sql, UUID... parameters) {
    return jdbc().sql(sql).params(List.of((Object[]) parameters)).query(type).single();
  }

  private JdbcClient jdbc() {
    return database.jdbc();
  }
}
