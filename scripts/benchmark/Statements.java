import dev.stoker.database.DatabaseSettings;
import dev.stoker.settings.Settings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What PostgreSQL's pg_stat_statements counted of an installation's database. It looks from another
 * database, so that its own statements do not count and Stoker's schema stays as it is.
 */
final class Statements implements AutoCloseable {
  private static final int TEXT_CHARS_MAX = 90;
  private final Connection connection;

  private Statements(Connection connection) {
    this.connection = connection;
  }

  /** The server must have been started with the library. */
  static Statements open() throws SQLException {
    DatabaseSettings database = DatabaseSettings.from(Settings.ofEnvironment());
    Connection connection =
        DriverManager.getConnection(
            "jdbc:postgresql://127.0.0.1:%s/postgres"
                .formatted(System.getenv("STOKER_DATABASE_PORT")),
            database.user(),
            database.password());
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
    }
    return new Statements(connection);
  }

  void reset() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_stat_statements_reset()");
    }
  }

  /** How many statements were run since. */
  long count() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT coalesce(sum(calls), 0)" + FROM)) {
      row.next();
      return row.getLong(1);
    }
  }

  private static final String FROM =
      """
       FROM pg_stat_statements(true) s JOIN pg_database d ON d.oid = s.dbid
      WHERE d.datname = 'stoker'
      """;

  /** Those that took the most time, a line each. */
  List<String> dearest(int limit) throws SQLException {
    List<String> lines = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT calls, total_exec_time, rows, query"
                    + FROM
                    + " ORDER BY total_exec_time DESC LIMIT "
                    + limit)) {
      while (row.next()) {
        String text = row.getString(4).replaceAll("\\s+", " ");
        lines.add(
            String.format(
                Locale.ROOT,
                "%7d calls %9.1f ms %8d rows  %s",
                row.getLong(1),
                row.getDouble(2),
                row.getLong(3),
                text.substring(0, Math.min(text.length(), TEXT_CHARS_MAX))));
      }
    }
    return lines;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
