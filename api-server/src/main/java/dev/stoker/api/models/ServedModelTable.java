package dev.stoker.api.models;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Which models workers serve, by their heartbeats. A worker that is away is expected back. */
public final class ServedModelTable {
  private static final String ALL =
      """
      SELECT model, extract(epoch FROM min(started_at))::bigint AS created
      FROM worker_heartbeat, unnest(models) AS model
      GROUP BY model
      """;

  private static final String STARTING =
      """
      SELECT EXISTS (SELECT 1 FROM worker_heartbeat
                     WHERE status IN ('reserved', 'starting')
                       AND started_at > now() - :start_max_s * interval '1 second')
      """;

  private final JdbcClient jdbc;
  private final Duration startMax;

  /**
   * @param startMax how long the watchdog lets a start take
   */
  ServedModelTable(JdbcClient jdbc, Duration startMax) {
    this.jdbc = jdbc;
    this.startMax = startMax;
  }

  /** The names of all models, with the start of the oldest worker that serves each. */
  Map<String, Long> created() {
    Map<String, Long> created = new HashMap<>();
    jdbc.sql(ALL)
        .query(
            row -> {
              created.put(row.getString("model"), row.getLong("created"));
            });
    return created;
  }

  /** The names of all models. */
  public Set<String> names() {
    return created().keySet();
  }

  /** Whether a worker is just starting, which may yet say that it serves more. */
  public boolean moreMayCome() {
    return jdbc.sql(STARTING)
        .param("start_max_s", startMax.toSeconds())
        .query(Boolean.class)
        .single();
  }
}
