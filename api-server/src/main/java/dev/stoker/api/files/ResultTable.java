package dev.stoker.api.files;

import dev.stoker.batch.BatchId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Reads the results that a result file stands for. */
final class ResultTable {

  /**
   * Whole parts, as many as fit into the budget, but one in any case; the content of a part that is
   * larger is left out.
   */
  private static final String PARTS =
      """
      WITH part AS MATERIALIZED (
          SELECT part_line, bytes, sum(bytes) OVER (ORDER BY part_line) AS upto
          FROM (SELECT part_line, sum(octet_length(content)) AS bytes
                FROM result_group
                WHERE batch = :batch AND succeeded = :succeeded AND part_line > :after
                GROUP BY part_line ORDER BY part_line LIMIT 16) AS next_parts
      )
      SELECT g.part_line, g.lines, g.ends, CASE WHEN part.bytes <= :bytes_max THEN g.content END AS content
      FROM part
      JOIN result_group g ON (g.batch, g.part_line, g.succeeded) = (:batch, part.part_line, :succeeded)
      WHERE part.upto <= :bytes_max OR part.upto = part.bytes
      ORDER BY g.part_line, g.first_line
      """;

  /** As many lines of one part as fit into the budget, but one in any case. */
  private static final String LINES =
      """
      SELECT counted.line, substr(g.content, counted.begin + 1, counted.bytes) AS content
      FROM (SELECT *, sum(bytes) OVER (ORDER BY line) AS upto
            FROM (SELECT g.first_line, l.line, coalesce(g.ends[l.position - 1], 0) AS begin,
                         g.ends[l.position] - coalesce(g.ends[l.position - 1], 0) AS bytes
                  FROM result_group g
                  CROSS JOIN LATERAL unnest(g.lines) WITH ORDINALITY AS l (line, position)
                  WHERE g.batch = :batch AND g.part_line = :part_line AND g.succeeded = :succeeded
                    AND l.line > :after) AS of_part) AS counted
      JOIN result_group g ON (g.batch, g.part_line, g.first_line) = (:batch, :part_line, counted.first_line)
      WHERE counted.upto <= :bytes_max OR counted.upto = counted.bytes
      ORDER BY counted.line
      """;

  /** A line of the file, with its line end. */
  record Line(int number, byte[] content) {}

  private final JdbcClient jdbc;

  ResultTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /** The groups of the parts that begin after a line, in the order of parts; none at the end. */
  List<ResultGroup> parts(BatchId batch, boolean succeeded, int after, int bytesMax) {
    return jdbc.sql(PARTS)
        .param("batch", batch.value())
        .param("succeeded", succeeded)
        .param("after", after)
        .param("bytes_max", bytesMax)
        .query((row, _) -> group(row))
        .list();
  }

  /** The lines of a part after one of them, in order; none at the end. */
  List<Line> lines(BatchId batch, boolean succeeded, int partLine, int after, int bytesMax) {
    return jdbc.sql(LINES)
        .param("batch", batch.value())
        .param("succeeded", succeeded)
        .param("part_line", partLine)
        .param("after", after)
        .param("bytes_max", bytesMax)
        .query((row, _) -> new Line(row.getInt("line"), row.getBytes("content")))
        .list();
  }

  private static ResultGroup group(ResultSet row) throws SQLException {
    return new ResultGroup(
        row.getInt("part_line"),
        (Integer[]) row.getArray("lines").getArray(),
        (Integer[]) row.getArray("ends").getArray(),
        row.getBytes("content"));
  }
}
