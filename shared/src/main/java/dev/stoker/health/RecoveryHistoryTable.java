package dev.stoker.health;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Reads what recoveries there have been; the watchdog writes them. */
public final class RecoveryHistoryTable {

  private static final String NEWEST =
      """
      SELECT id, worker, planned, poison, cause, exit_status, old_pid, new_pid, leases_returned, detected_at,
             fence_ms, kill_ms, confirm_ms, incident,
             (extract(epoch FROM ready_at - detected_at) * 1000)::bigint AS ready_ms
      FROM recovery
      ORDER BY id DESC
      LIMIT :most
      """;

  private final JdbcClient jdbc;

  public RecoveryHistoryTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /** At most so many, the newest first. */
  public List<RecoveryView> newest(int most) {
    return jdbc.sql(NEWEST).param("most", most).query((row, _) -> view(row)).list();
  }

  private static RecoveryView view(ResultSet row) throws SQLException {
    return new RecoveryView(
        row.getLong("id"),
        row.getString("worker"),
        row.getBoolean("planned"),
        row.getBoolean("poison"),
        row.getString("cause"),
        number(row, "exit_status").map(Long::intValue),
        number(row, "old_pid"),
        number(row, "new_pid"),
        row.getInt("leases_returned"),
        row.getObject("detected_at", OffsetDateTime.class).toInstant(),
        number(row, "fence_ms"),
        number(row, "kill_ms"),
        number(row, "confirm_ms"),
        number(row, "ready_ms"),
        row.getString("incident"));
  }

  private static Optional<Long> number(ResultSet row, String column) throws SQLException {
    long value = row.getLong(column);
    return row.wasNull() ? Optional.empty() : Optional.of(value);
  }
}
