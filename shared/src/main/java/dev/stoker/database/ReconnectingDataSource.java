package dev.stoker.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * One physical connection that is replaced, within the call that asks for it, once it no longer
 * answers. A pool would instead reconnect in the background with growing pauses, up to 10 seconds:
 * too long for a heartbeat.
 */
final class ReconnectingDataSource extends SingleConnectionDataSource {

  private static final int ANSWER_SECONDS = 1;

  ReconnectingDataSource(DatabaseSettings settings, Properties properties) {
    super(settings.jdbcUrl(), settings.user(), settings.password(), true);
    setConnectionProperties(properties);
  }

  @Override
  public Connection getConnection() throws SQLException {
    Connection connection = super.getConnection();
    if (connection.isValid(ANSWER_SECONDS)) {
      return connection;
    }
    resetConnection();
    return super.getConnection();
  }
}
