package dev.stoker.testing.broken.sql;

import java.sql.ResultSet;
import java.sql.SQLException;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Runs statements, as a table may. */
record GoodTable(JdbcClient jdbc) {

  /** Belongs to the table. */
  record Row(int value) {
    static Row of(ResultSet row) throws SQLException {
      return new Row(row.getInt(1));
    }
  }

  Row row() {
    return jdbc.sql("SELECT 1").query((row, _) -> Row.of(row)).single();
  }
}
