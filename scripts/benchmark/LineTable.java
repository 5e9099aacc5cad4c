import dev.stoker.database.DatabaseSettings;
import dev.stoker.settings.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGConnection;

/** What one would do without Stoker: a logged table of lines in the same PostgreSQL, and COPY. */
final class LineTable implements AutoCloseable {
  /** Neither character is ever in a line of JSON: each line is one value, as it is. */
  private static final String AS_IT_IS = "(FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')";

  private static final int CHUNK_BYTES = 1 << 16;

  private final Connection connection;

  LineTable() throws SQLException {
    DatabaseSettings database = DatabaseSettings.from(Settings.ofEnvironment());
    this.connection =
        DriverManager.getConnection(database.jdbcUrl(), database.user(), database.password());
    execute("CREATE TABLE bench_line (line text)");
  }

  /** One transaction. */
  void fill(Path file) throws SQLException, IOException {
    try (InputStream in = Files.newInputStream(file)) {
      connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyIn("COPY bench_line FROM STDIN " + AS_IT_IS, in, CHUNK_BYTES);
    }
  }

  void read(OutputStream out) throws SQLException, IOException {
    connection.unwrap(PGConnection.class).getCopyAPI().copyOut("COPY bench_line TO STDOUT", out);
  }

  /** So that no round pays for what an earlier one has written. */
  void empty() throws SQLException {
    execute("TRUNCATE bench_line");
    execute("CHECKPOINT");
  }

  void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public void close() throws SQLException {
    execute("DROP TABLE bench_line");
    connection.close();
  }
}
