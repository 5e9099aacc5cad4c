package dev.stoker.chaos;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** What Stoker must never do, done by hand: the checker has to see it. */
final class Tampering {
  private Tampering() {}

  /** Results are lost, and others are changed. */
  static void with(PostgresServer database) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "DELETE FROM result_group WHERE (batch, first_line) = (SELECT batch, first_line FROM result_group LIMIT 1)");
      statement.execute(
          """
          UPDATE result_group SET content = convert_to(replace(convert_from(content, 'UTF8'), '"id"', '"iD"'), 'UTF8')
          WHERE (batch, first_line) = (SELECT batch, first_line FROM result_group ORDER BY batch DESC LIMIT 1)
          """);
    }
  }
}
