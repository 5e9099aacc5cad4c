package dev.stoker.chaos;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** What Stoker must never do, done by hand: the checker has to see it. */
final class Tampering {
  private Tampering() {}

  /** One result is lost, and another is changed. */
  static void with(PostgresServer database) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "DELETE FROM result WHERE (batch, line) = (SELECT batch, line FROM result LIMIT 1)");
      statement.execute(
          """
          UPDATE result SET body = convert_to(replace(convert_from(body, 'UTF8'), '"id"', '"iD"'), 'UTF8')
          WHERE (batch, line) = (SELECT batch, line FROM result ORDER BY batch DESC LIMIT 1)
          """);
    }
  }
}
