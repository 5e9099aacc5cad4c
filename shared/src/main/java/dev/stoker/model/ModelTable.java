package dev.stoker.model;

import dev.stoker.database.Question;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.SqlArrayValue;

/** Every statement on models. Each is one transaction of its own. */
public final class ModelTable {

  /** An engine's whole log is no reason. */
  private static final int REASON_CHARS_MAX = 1000;

  private static final String REGISTER =
      """
      INSERT INTO model AS m (name, aliases, engine, source, memory_bytes, slots_max, context_tokens, definition)
      VALUES (:name, :aliases, :engine, :source, :memory_bytes, :slots_max, :context_tokens, :definition)
      ON CONFLICT (name) DO UPDATE
      SET aliases = EXCLUDED.aliases, engine = EXCLUDED.engine, source = EXCLUDED.source,
          memory_bytes = EXCLUDED.memory_bytes, slots_max = EXCLUDED.slots_max,
          context_tokens = EXCLUDED.context_tokens, definition = EXCLUDED.definition, registered_at = now(),
          load_failures = CASE WHEN m.definition = EXCLUDED.definition THEN m.load_failures ELSE 0 END,
          failure = CASE WHEN m.definition = EXCLUDED.definition THEN m.failure ELSE '' END,
          quarantined_at = CASE WHEN m.definition = EXCLUDED.definition THEN m.quarantined_at END
      """;

  private static final String LOADED =
      """
      UPDATE model
      SET loads = loads + 1, last_load_ms = :load_ms, load_failures = 0, failure = '', quarantined_at = NULL
      WHERE name = :name
      """;

  private static final String UNLOADED =
      "UPDATE model SET last_unload_ms = :unload_ms WHERE name = :name";

  /** While some worker answers its requests, the fault is with the worker that cannot load it. */
  private static final String FAILED =
      """
      UPDATE model m
      SET load_failures = m.load_failures + 1, failure = :reason,
          quarantined_at = coalesce(m.quarantined_at, CASE
              WHEN m.load_failures + 1 >= :failures_max
                   AND NOT EXISTS (SELECT 1 FROM worker_heartbeat w
                                   WHERE w.loaded_model = ANY(m.name || m.aliases) AND w.status = 'ready'
                                     AND w.last_seen_at > now() - interval '1 minute')
              THEN now() END)
      WHERE m.name = :name
      RETURNING m.load_failures, m.quarantined_at IS NOT NULL AS quarantined
      """;

  private static final String RESET =
      """
      UPDATE model SET load_failures = 0, failure = '', quarantined_at = NULL
      WHERE (name = :asked OR :asked = ANY(aliases)) AND quarantined_at IS NOT NULL
      """;

  public static final Question<RegisteredModel> ALL =
      new Question<>(
          """
          SELECT name, aliases, engine, source, memory_bytes, slots_max, context_tokens, definition, load_failures,
                 failure, quarantined_at IS NOT NULL AS quarantined, loads, last_load_ms, last_unload_ms, created_at
          FROM model
          ORDER BY name
          """,
          (row, _) -> model(row));

  /** A model that was renamed may leave its alias to a sound one. */
  private static final String QUARANTINED =
      """
      SELECT asked, min(m.failure) AS failure
      FROM model m CROSS JOIN unnest(m.name || m.aliases) AS asked
      WHERE m.quarantined_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM model sound
                        WHERE sound.quarantined_at IS NULL AND asked = ANY(sound.name || sound.aliases))
      GROUP BY asked
      """;

  private final JdbcClient jdbc;

  public ModelTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Says what a worker can serve. Of a model whose settings have changed, failures and quarantine
   * are forgotten; models that are not named here stay as they are.
   */
  public void register(Collection<ModelDefinition> models) {
    models.forEach(this::register);
  }

  private void register(ModelDefinition model) {
    jdbc.sql(REGISTER)
        .param("name", model.name())
        .param("aliases", new SqlArrayValue("text", model.aliases().toArray()))
        .param("engine", model.engine().wireName())
        .param("source", model.source())
        .param("memory_bytes", model.memoryBytes().orElse(null), Types.BIGINT)
        .param("slots_max", model.slotsMax().orElse(null), Types.INTEGER)
        .param("context_tokens", model.contextTokens().orElse(null), Types.INTEGER)
        .param("definition", model.digest())
        .update();
  }

  /** A worker has loaded a model: whatever failed before, it works. */
  public void loaded(String name, Duration load) {
    jdbc.sql(LOADED).param("name", name).param("load_ms", load.toMillis()).update();
  }

  /** A worker has unloaded a model, and its memory is back. */
  public void unloaded(String name, Duration unload) {
    jdbc.sql(UNLOADED).param("name", name).param("unload_ms", unload.toMillis()).update();
  }

  /**
   * A worker could not load a registered model.
   *
   * @param reason for people, a sentence; only its beginning is kept
   * @param failuresMax how many failures in a row quarantine it, unless some worker has it loaded
   */
  public LoadFailure failed(String name, String reason, int failuresMax) {
    return jdbc.sql(FAILED)
        .param("name", name)
        .param("reason", storable(reason))
        .param("failures_max", failuresMax)
        .query(
            (row, _) -> new LoadFailure(row.getInt("load_failures"), row.getBoolean("quarantined")))
        .single();
  }

  /** What PostgreSQL can hold: no NUL; and never empty. */
  private static String storable(String reason) {
    String text = reason.replace('\0', ' ').strip();
    if (text.isEmpty()) {
      return "no reason was given";
    }
    return text.codePointCount(0, text.length()) <= REASON_CHARS_MAX
        ? text
        : text.substring(0, text.offsetByCodePoints(0, REASON_CHARS_MAX)) + " …";
  }

  /**
   * Lifts a quarantine: the model is loaded again when there is work for it.
   *
   * @param asked its name or an alias
   * @return false if there is no such model, or if it is not quarantined
   */
  public boolean reset(String asked) {
    return jdbc.sql(RESET).param("asked", asked).update() > 0;
  }

  /** All models that were ever registered, by name. */
  public List<RegisteredModel> all() {
    return ALL.ask(jdbc);
  }

  /** Each name and alias of which only quarantined models know, with the reason. */
  public Map<String, String> quarantined() {
    Map<String, String> reasons = new HashMap<>();
    jdbc.sql(QUARANTINED)
        .query(
            row -> {
              reasons.put(row.getString("asked"), row.getString("failure"));
            });
    return Map.copyOf(reasons);
  }

  private static RegisteredModel model(ResultSet row) throws SQLException {
    return new RegisteredModel(
        new ModelDefinition(
            row.getString("name"),
            List.of((String[]) row.getArray("aliases").getArray()),
            ModelEngine.ofWireName(row.getString("engine")),
            row.getString("source"),
            number(row, "memory_bytes"),
            number(row, "slots_max").map(Long::intValue),
            number(row, "context_tokens").map(Long::intValue),
            row.getString("definition")),
        row.getInt("load_failures"),
        row.getString("failure"),
        row.getBoolean("quarantined"),
        row.getLong("loads"),
        number(row, "last_load_ms").map(Duration::ofMillis),
        number(row, "last_unload_ms").map(Duration::ofMillis),
        row.getObject("created_at", OffsetDateTime.class).toInstant());
  }

  private static Optional<Long> number(ResultSet row, String column) throws SQLException {
    long value = row.getLong(column);
    return row.wasNull() ? Optional.empty() : Optional.of(value);
  }
}
