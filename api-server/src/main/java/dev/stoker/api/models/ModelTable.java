package dev.stoker.api.models;

import java.time.Duration;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Which models workers serve, by their heartbeats. A worker that is away is expected back. */
public final class ModelTable {
  private static final String ALL =
      """
      SELECT model, extract(epoch FROM min(started_at))::bigint AS created
      FROM worker_heartbeat, unnest(models) AS model
      GROUP BY model
      ORDER BY model
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
  ModelTable(JdbcClient jdbc, Duration startMax) {
    this.jdbc = jdbc;
    this.startMax = startMax;
  }

  /** All models, by name. */
  List<ModelObject> all() {
    return jdbc.sql(ALL)
        .query((row, _) -> ModelObject.of(row.getString("model"), row.getLong("created")))
        .list();
  }

  /** The names of all models. */
  public List<String> names() {
    return all().stream().map(ModelObject::id).toList();
  }

  /** Whether a worker is just starting, which may yet say that it serves more. */
  public boolean moreMayCome() {
    return jdbc.sql(STARTING)
        .param("start_max_s", startMax.toSeconds())
        .query(Boolean.class)
        .single();
  }
}
