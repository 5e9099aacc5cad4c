package dev.stoker.health;

import dev.stoker.database.Question;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.SqlArrayValue;

/** Every statement on workers' heartbeats. Ages are the database's. */
public final class WorkerHeartbeatTable {

  private static final String RESERVE =
      """
      INSERT INTO worker_heartbeat AS w (worker, incarnation, host, status)
      VALUES (:worker, 1, :host, 'reserved')
      ON CONFLICT (worker) DO UPDATE
      SET incarnation = w.incarnation + 1, host = :host, status = 'reserved', started_at = now(),
          pid = NULL, process_start_ticks = NULL, boot_id = NULL, loaded_model = '', in_flight = 0,
          lines_done = 0, engine_steps = 0, last_progress_at = NULL, loading_model = '', swaps = 0,
          last_swap_ms = NULL
      RETURNING incarnation
      """;

  private static final String REGISTER =
      """
      UPDATE worker_heartbeat
      SET pid = :pid, process_start_ticks = :ticks, boot_id = :boot_id, status = 'starting', started_at = now()
      WHERE worker = :worker AND incarnation = :incarnation AND status IN ('reserved', 'starting')
      """;

  private static final String BEAT =
      """
      UPDATE worker_heartbeat
      SET status = :status, models = :models, loaded_model = :loaded_model, in_flight = :in_flight,
          lines_done = :lines_done, engine_steps = :engine_steps, last_seen_at = now(),
          loading_model = :loading_model, swaps = :swaps, last_swap_ms = :last_swap_ms,
          last_progress_at = now() - :progress_ms * interval '1 millisecond'
      WHERE worker = :worker AND incarnation = :incarnation AND status <> 'fenced'
      """;

  private static final String FENCE =
      """
      UPDATE worker_heartbeat SET status = 'fenced', in_flight = 0
      WHERE worker = :worker AND incarnation = :incarnation
      """;

  public static final Question<WorkerView> ALL =
      new Question<>(
          """
          SELECT worker, incarnation, host, pid, process_start_ticks, boot_id, status, models, loaded_model,
                 in_flight, lines_done, engine_steps, loading_model, swaps, last_swap_ms,
                 (extract(epoch FROM now() - last_seen_at) * 1000)::bigint AS seen_ms,
                 (extract(epoch FROM now() - last_progress_at) * 1000)::bigint AS progress_ms
          FROM worker_heartbeat
          ORDER BY worker
          """,
          (row, _) -> view(row));

  private static final String CLOCK =
      "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

  private final JdbcClient jdbc;

  public WorkerHeartbeatTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /** Makes room for a new process in a slot; whoever filled it before is fenced from now on. */
  public WorkerId reserve(String worker, String host) {
    long incarnation =
        jdbc.sql(RESERVE).param("worker", worker).param("host", host).query(Long.class).single();
    return new WorkerId(worker, incarnation);
  }

  /**
   * A process takes the place reserved for it.
   *
   * @return false when it has been superseded already
   */
  public boolean register(WorkerId id, ProcessIdentity process) {
    return jdbc.sql(REGISTER)
            .param("worker", id.worker())
            .param("incarnation", id.incarnation())
            .param("pid", process.pid())
            .param("ticks", process.startTicks())
            .param("boot_id", process.bootId())
            .update()
        == 1;
  }

  /**
   * Records a sign of life.
   *
   * @return false when the worker is fenced: it must end
   */
  public boolean beat(WorkerId id, Beat beat) {
    return jdbc.sql(BEAT)
            .param("worker", id.worker())
            .param("incarnation", id.incarnation())
            .param("status", beat.status().wireName())
            .param("models", new SqlArrayValue("text", beat.models().toArray()))
            .param("loaded_model", beat.loadedModel())
            .param("in_flight", beat.inFlight())
            .param("lines_done", beat.linesDone())
            .param("engine_steps", beat.engineSteps())
            .param("loading_model", beat.swaps().loadingModel())
            .param("swaps", beat.swaps().count())
            .param("last_swap_ms", millis(beat.swaps().last()), Types.BIGINT)
            .param("progress_ms", millis(beat.sinceProgress()), Types.BIGINT)
            .update()
        == 1;
  }

  /** Refuses every later beat of this incarnation. Its leases are returned by the shard table. */
  public boolean fence(WorkerId id) {
    return jdbc.sql(FENCE)
            .param("worker", id.worker())
            .param("incarnation", id.incarnation())
            .update()
        == 1;
  }

  /** All workers that ever beat or were reserved. */
  public List<WorkerView> all() {
    return ALL.ask(jdbc);
  }

  /** The clock that ages are taken by, in milliseconds; it may be set, unlike a monotonic one. */
  public long clockMillis() {
    return jdbc.sql(CLOCK).query(Long.class).single();
  }

  private static WorkerView view(ResultSet row) throws SQLException {
    long pid = row.getLong("pid");
    Optional<ProcessIdentity> process =
        row.wasNull()
            ? Optional.empty()
            : Optional.of(
                new ProcessIdentity(
                    pid, row.getLong("process_start_ticks"), row.getString("boot_id")));
    return new WorkerView(
        new WorkerId(row.getString("worker"), row.getLong("incarnation")),
        row.getString("host"),
        process,
        WorkerStatus.ofWireName(row.getString("status")),
        List.of((String[]) row.getArray("models").getArray()),
        row.getString("loaded_model"),
        row.getInt("in_flight"),
        row.getLong("lines_done"),
        row.getLong("engine_steps"),
        duration(row, "seen_ms"),
        duration(row, "progress_ms"),
        new ModelSwaps(
            row.getString("loading_model"), row.getLong("swaps"), duration(row, "last_swap_ms")));
  }

  private static Long millis(Optional<Duration> duration) {
    return duration.map(Duration::toMillis).orElse(null);
  }

  private static Optional<Duration> duration(ResultSet row, String column) throws SQLException {
    long millis = row.getLong(column);
    return row.wasNull() ? Optional.empty() : Optional.of(Duration.ofMillis(millis));
  }
}
