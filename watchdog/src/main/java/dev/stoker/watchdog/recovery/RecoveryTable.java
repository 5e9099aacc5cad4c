package dev.stoker.watchdog.recovery;

import java.sql.Types;
import java.time.Duration;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Every statement on recoveries. The budget of restarts is counted from its rows. */
final class RecoveryTable {

  private static final String INSERT =
      """
      INSERT INTO recovery (worker, planned, poison, fruitless, cause, evidence, incident, exit_status, old_pid,
                            leases_returned, detected_at, fence_ms, kill_ms, confirm_ms)
      VALUES (:worker, :planned, :poison, :fruitless, :cause, :evidence, :incident, :exit_status, :old_pid,
              :leases_returned, now() - :detected_ms * interval '1 millisecond', :fence_ms, :kill_ms, :confirm_ms)
      RETURNING id
      """;

  /** The hour is the one of {@code WorkerSlotTable}, which shows the count. */
  private static final String USED =
      """
      SELECT count(*) FILTER (WHERE NOT poison AND reserved_at > now() - interval '1 hour') AS last_hour,
             count(*) FILTER (WHERE NOT poison) AS last_day,
             count(*) FILTER (WHERE poison AND reserved_at > now() - interval '1 hour') AS poison_last_hour,
             count(*) FILTER (WHERE fruitless AND NOT poison AND id > (
                 SELECT coalesce(max(id), 0) FROM recovery
                 WHERE worker = :worker AND NOT poison AND NOT fruitless)) AS fruitless_in_row
      FROM recovery
      WHERE worker = :worker AND NOT planned AND reserved_at > now() - interval '1 day'
      """;

  /** The newest is most likely the one that began the search. */
  private static final String REFUND =
      """
      UPDATE recovery SET poison = true
      WHERE id = (SELECT id FROM recovery
                  WHERE worker = :worker AND NOT planned AND NOT poison AND NOT fruitless
                    AND reserved_at > now() - interval '1 hour'
                  ORDER BY id DESC LIMIT 1)
      """;

  private static final String LAUNCHED = "UPDATE recovery SET new_pid = :pid WHERE id = :id";

  private static final String READY =
      "UPDATE recovery SET ready_at = now() WHERE id = :id AND ready_at IS NULL";

  private final JdbcClient jdbc;

  RecoveryTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /** Must run while the worker's heartbeat row is locked, or two could both take the last place. */
  RestartBudget.Used used(String worker) {
    return jdbc.sql(USED)
        .param("worker", worker)
        .query(
            (row, _) ->
                new RestartBudget.Used(
                    row.getInt("last_hour"),
                    row.getInt("last_day"),
                    row.getInt("poison_last_hour"),
                    row.getInt("fruitless_in_row")))
        .single();
  }

  /**
   * @param poison whether it costs nothing
   * @return the row
   */
  long insert(RecoveryDraft draft, boolean poison) {
    return jdbc.sql(INSERT)
        .param("worker", draft.worker())
        .param("planned", draft.planned())
        .param("poison", poison)
        .param("fruitless", draft.fruitless())
        .param("cause", draft.cause())
        .param("evidence", draft.evidence())
        .param("incident", draft.incident().orElse(""))
        .param("exit_status", draft.exitStatus().orElse(null), Types.INTEGER)
        .param("old_pid", draft.oldPid().orElse(null), Types.BIGINT)
        .param("leases_returned", draft.leasesReturned())
        .param("detected_ms", draft.sinceDetected().toMillis())
        .param("fence_ms", millis(draft.toFence()), Types.BIGINT)
        .param("kill_ms", millis(draft.toKill()), Types.BIGINT)
        .param("confirm_ms", millis(draft.toConfirm()), Types.BIGINT)
        .query(Long.class)
        .single();
  }

  /** Makes the newest start that counts one that was for a poison line; none may be left. */
  void refund(String worker) {
    jdbc.sql(REFUND).param("worker", worker).update();
  }

  void launched(long id, long pid) {
    jdbc.sql(LAUNCHED).param("id", id).param("pid", pid).update();
  }

  void ready(long id) {
    jdbc.sql(READY).param("id", id).update();
  }

  private static Long millis(Optional<Duration> duration) {
    return duration.map(Duration::toMillis).orElse(null);
  }
}
