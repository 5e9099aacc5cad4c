package dev.stoker.health;

import dev.stoker.database.Question;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Every statement on worker slots, as their watchdog describes them. */
public final class WorkerSlotTable {

  private static final String DESCRIBE =
      """
      INSERT INTO worker_slot AS s (worker, host, state, reason, watchdog_pid)
      VALUES (:worker, :host, :state, :reason, :watchdog_pid)
      ON CONFLICT (worker) DO UPDATE
      SET host = :host, state = :state, reason = :reason, watchdog_pid = :watchdog_pid, seen_at = now(),
          since = CASE WHEN s.state = :state THEN s.since ELSE now() END
      """;

  public static final Question<SlotView> ALL =
      new Question<>(
          """
          SELECT s.worker, s.host, s.state, s.reason, s.watchdog_pid, s.wish, s.gpu_fault,
                 (extract(epoch FROM now() - s.gpu_fault_seen_at) * 1000)::bigint AS gpu_fault_ms,
                 (extract(epoch FROM now() - s.since) * 1000)::bigint AS since_ms,
                 (extract(epoch FROM now() - s.seen_at) * 1000)::bigint AS seen_ms,
                 (SELECT count(*) FROM recovery r
                  WHERE r.worker = s.worker AND NOT r.planned AND NOT r.poison AND r.reserved_at > now() - interval '1 hour') AS respawns
          FROM worker_slot s
          ORDER BY s.worker
          """,
          (row, _) -> view(row));

  private static final String ASK = "UPDATE worker_slot SET wish = :wish WHERE worker = :worker";

  private static final String GRANTED =
      "UPDATE worker_slot SET wish = '' WHERE worker = :worker AND wish = :wish";

  /** A healthy GPU, which is seen every few seconds, costs no write. */
  private static final String GPU_FAULT =
      """
      UPDATE worker_slot
      SET gpu_fault = :fault,
          gpu_fault_seen_at = CASE WHEN :fault <> '' THEN now() - :age_ms * interval '1 millisecond' END
      WHERE worker = :worker AND (gpu_fault <> '' OR :fault <> '')
      """;

  private final JdbcClient jdbc;

  public WorkerSlotTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /** Says what the watchdog thinks of a slot; {@code since} moves only when the state changes. */
  public void describe(
      String worker, String host, SlotState state, String reason, long watchdogPid) {
    jdbc.sql(DESCRIBE)
        .param("worker", worker)
        .param("host", host)
        .param("state", state.wireName())
        .param("reason", reason)
        .param("watchdog_pid", watchdogPid)
        .update();
  }

  /**
   * Asks the watchdog of a slot for something; it sees that at its next look.
   *
   * @return false if there is no such slot
   */
  public boolean ask(String worker, SlotWish wish) {
    return jdbc.sql(ASK).param("worker", worker).param("wish", wish.wireName()).update() == 1;
  }

  /** Says that a wish is done, or void; a newer one stays. */
  public void granted(String worker, SlotWish wish) {
    jdbc.sql(GRANTED).param("worker", worker).param("wish", wish.wireName()).update();
  }

  /**
   * Says what is wrong with a GPU that the worker of a slot uses.
   *
   * @param fault for people; empty if all are well
   * @param age how long ago that was seen
   */
  public void gpuFault(String worker, String fault, Duration age) {
    jdbc.sql(GPU_FAULT)
        .param("worker", worker)
        .param("fault", fault)
        .param("age_ms", age.toMillis())
        .update();
  }

  public List<SlotView> all() {
    return ALL.ask(jdbc);
  }

  private static SlotView view(ResultSet row) throws SQLException {
    return new SlotView(
        row.getString("worker"),
        row.getString("host"),
        SlotState.ofWireName(row.getString("state")),
        row.getString("reason"),
        Duration.ofMillis(row.getLong("since_ms")),
        Duration.ofMillis(row.getLong("seen_ms")),
        row.getInt("respawns"),
        row.getLong("watchdog_pid"),
        SlotWish.ofWireName(row.getString("wish")),
        gpuFault(row));
  }

  private static Optional<GpuFault> gpuFault(ResultSet row) throws SQLException {
    String reason = row.getString("gpu_fault");
    return reason.isEmpty()
        ? Optional.empty()
        : Optional.of(new GpuFault(reason, Duration.ofMillis(row.getLong("gpu_fault_ms"))));
  }
}
