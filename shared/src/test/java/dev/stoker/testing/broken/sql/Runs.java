package dev.stoker.testing.broken.sql;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Runs statements, and is no table. */
final class Runs {
  void client(JdbcClient jdbc) {
    jdbc.sql("DELETE FROM batch").update();
  }

  void template(DataSource source) {
    new JdbcTemplate(source).execute("DELETE FROM batch");
  }

  Connection driver() throws SQLException {
    return DriverManager.getConnection("jdbc:postgresql:x");
  }

  Connection source(DataSource source) throws SQLException {
    return source.getConnection();
  }
}
