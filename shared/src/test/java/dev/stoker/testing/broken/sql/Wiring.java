package dev.stoker.testing.broken.sql;

import java.sql.ResultSet;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Hands a client on, and reads a row. */
final class Wiring {
  GoodTable table(DataSource source) {
    return new GoodTable(JdbcClient.create(source));
  }

  int value(ResultSet row) throws SQLException {
    return row.getInt(1);
  }
}
