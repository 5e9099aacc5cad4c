package dev.stoker.queue;

import java.util.Collection;
import java.util.Set;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.SqlArrayValue;

/** Every statement on strikes, but for the look that comes with a claim. */
public final class LineStrikeTable {

  /**
   * A batch that is being deleted takes its strikes with it: locked, it cannot vanish before they
   * refer to it. The order is that of everybody who strikes, so that two never wait for each other.
   * A line's result is looked for in the last part that begins before it: in its own, if any of
   * that part is stored.
   */
  private static final String STRIKE =
      """
      WITH struck AS MATERIALIZED (
          SELECT b.id AS batch, f.line
          FROM unnest(:batches, :lines) AS f (batch, line)
          JOIN batch b ON b.id = f.batch
          WHERE NOT EXISTS (
              SELECT 1 FROM result_group g
              WHERE g.batch = f.batch AND f.line = ANY (g.lines)
                AND g.part_line = (SELECT max(part_line) FROM result_group
                                   WHERE batch = f.batch AND part_line <= f.line))
          ORDER BY b.id, f.line
          FOR KEY SHARE OF b
      )
      INSERT INTO line_strike AS s (batch, line, strikes, alone, struck_by)
      SELECT batch, line, 1, :alone, :holder FROM struck ORDER BY batch, line
      ON CONFLICT (batch, line) DO UPDATE
      SET strikes = s.strikes + 1, alone = s.alone + excluded.alone, struck_by = excluded.struck_by
      WHERE s.struck_by <> excluded.struck_by
      """;

  private static final String SUSPECTS =
      """
      SELECT count(*)
      FROM unnest(:batches, :lines) AS f (batch, line)
      JOIN line_strike s ON (s.batch, s.line) = (f.batch, f.line)
      WHERE s.strikes > 1 OR s.struck_by <> :holder
      """;

  private static final String CONVICTS =
      """
      SELECT count(*) > 0
      FROM unnest(:batches, :lines) AS f (batch, line)
      JOIN line_strike s ON (s.batch, s.line) = (f.batch, f.line)
      WHERE s.alone = :enough AND s.struck_by = :holder
      """;

  private final JdbcClient jdbc;

  public LineStrikeTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Strikes the lines that were in flight when their holder died, unless they are finished or gone.
   * May be told again of the same death.
   */
  void strike(String holder, Set<LineKey> inFlight) {
    strike(holder, inFlight, inFlight.size() == 1);
  }

  /**
   * Strikes a line whose engine died while it ran, although its holder lives on.
   *
   * @param death which death it was, of whose engine
   * @param alone whether nothing else ran
   */
  public void strike(String death, LineKey line, boolean alone) {
    strike(death, Set.of(line), alone);
  }

  private void strike(String struckBy, Set<LineKey> lines, boolean alone) {
    named(STRIKE, struckBy, lines).param("alone", alone ? 1 : 0).update();
  }

  /** How many of these lines had a strike before the death of this holder. */
  int suspects(String holder, Set<LineKey> lines) {
    return named(SUSPECTS, holder, lines).query(Integer.class).single();
  }

  /** Whether one of these lines, which ran alone, was convicted by the death of this holder. */
  boolean convicts(String holder, Set<LineKey> lines) {
    return named(CONVICTS, holder, lines)
        .param("enough", LineStrikes.ALONE_MAX)
        .query(Boolean.class)
        .single();
  }

  private JdbcClient.StatementSpec named(String sql, String holder, Collection<LineKey> lines) {
    return jdbc.sql(sql)
        .param(
            "batches",
            new SqlArrayValue("uuid", lines.stream().map(line -> line.batch().value()).toArray()))
        .param("lines", lines.stream().mapToInt(LineKey::line).toArray())
        .param("holder", holder);
  }
}
