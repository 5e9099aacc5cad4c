package dev.stoker.watchdog.recovery;

import java.sql.Types;
import java.time.Duration;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Every statement on recoveries. The budget of restarts is counted from its rows. */
final class RecoveryTable {

  /** The hour is the one of {@code WorkerSlotTable}, which shows the count. */
  private static final String INSERT =
      """
      INSERT INTO recovery (worker, planned, poison, fruitless, cause, evidence, exit_status, old_pid,
                            leases_returned, detected_at, fence_ms, kill_ms, confirm_ms)
      SELECT :worker, :planned, free.poison, :fruitless, :cause, :evidence, :exit_status, :old_pid,
             :leases_returned, now() - :detected_ms * interval '1 millisecond', :fence_ms, :kill_ms, :confirm_ms
      FROM (SELECT :poison AND NOT :planned
                   AND :poison_limit > (SELECT count(*) FROM recovery
                                        WHERE worker = :worker AND poison
                                          AND reserved_at > now() - interval '1 hour') AS poison) AS free
      WHERE :planned OR free.poison
         OR :limit > (SELECT count(*) FROM recovery
                      WHERE worker = :worker AND NOT planned AND NOT poison
                        AND reserved_at > now() - interval '1 hour')
      RETURNING id
      """;

  /** Within an hour. What goes beyond is no search for a poison line any more, and counts. */
  private static final int POISON_MAX = 60;

  private static final String LAUNCHED = "UPDATE recovery SET new_pid = :pid WHERE id = :id";

  private static final String READY =
      "UPDATE recovery SET ready_at = now() WHERE id = :id AND ready_at IS NULL";

  private final JdbcClient jdbc;

  RecoveryTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Must run while the worker's heartbeat row is locked, or two could both take the last place.
   *
   * @return the row; empty if it would be one too many within the hour
   */
  Optional<Long> insert(RecoveryDraft draft, int limit) {
    return jdbc.sql(INSERT)
        .param("worker", draft.worker())
        .param("planned", draft.planned())
        .param("poison", draft.poison())
        .param("poison_limit", POISON_MAX)
        .param("fruitless", draft.fruitless())
        .param("cause", draft.cause())
        .param("evidence", draft.evidence())
        .param("exit_status", draft.exitStatus().orElse(null), Types.INTEGER)
        .param("old_pid", draft.oldPid().orElse(null), Types.BIGINT)
        .param("leases_returned", draft.leasesReturned())
        .param("detected_ms", draft.sinceDetected().toMillis())
        .param("fence_ms", millis(draft.toFence()), Types.BIGINT)
        .param("kill_ms", millis(draft.toKill()), Types.BIGINT)
        .param("confirm_ms", millis(draft.toConfirm()), Types.BIGINT)
        .param("limit", limit)
        .query(Long.class)
        .optional();
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
