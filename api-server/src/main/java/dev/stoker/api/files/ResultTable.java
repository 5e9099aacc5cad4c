package dev.stoker.api.files;

import dev.stoker.api.files.FilePartTable.Piece;
import dev.stoker.batch.BatchId;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Reads the results that a result file stands for. */
final class ResultTable {

  /** As many results as fit into the budget, but one in any case. */
  private static final String PAGE =
      """
      SELECT line, body
      FROM (SELECT line, body, sum(octet_length(body)) OVER (ORDER BY line) AS bytes
            FROM (SELECT line, body FROM result
                  WHERE batch = :batch AND succeeded = :succeeded AND line > :after
                  ORDER BY line LIMIT 2000) AS next_results) AS counted
      WHERE bytes - octet_length(body) < :bytes_max
      ORDER BY line
      """;

  private final JdbcClient jdbc;

  ResultTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /** The results after a line, in the order of lines; none at the end. */
  List<Piece> page(BatchId batch, boolean succeeded, long after, int bytesMax) {
    return jdbc.sql(PAGE)
        .param("batch", batch.value())
        .param("succeeded", succeeded)
        .param("after", after)
        .param("bytes_max", bytesMax)
        .query((row, _) -> new Piece(row.getLong("line"), row.getBytes("body")))
        .list();
  }
}
