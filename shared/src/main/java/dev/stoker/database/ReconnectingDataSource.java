package dev.stoker.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Properties;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * One physical connection that is replaced, within the call that asks for it, once it no longer
 * answers. A pool would instead reconnect in the background with growing pauses, up to 10 seconds:
 * too long for a heartbeat.
 */
final class ReconnectingDataSource extends SingleConnectionDataSource {

  private static final int ANSWER_SECONDS = 1;

  private Optional<Connection> last = Optional.empty();

  ReconnectingDataSource(DatabaseSettings settings, Properties properties) {
    super(settings.jdbcUrl(), settings.user(), settings.password(), true);
    setConnectionProperties(properties);
  }

  @Override
  public Connection getConnection() throws SQLException {
    if (last.isPresent() && !last.get().isValid(ANSWER_SECONDS)) {
      resetConnection();
    }
    last = Optional.of(super.getConnection());
    return last.get();
  }
}
