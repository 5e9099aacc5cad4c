package dev.stoker.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.Properties;
import javax.sql.DataSource;
import org.postgresql.Driver;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SimpleDriverDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * An open database: connections, statements and transactions, without a Spring context. Opening
 * does not connect, so that a process may start before its database; a call fails in bounded time
 * while there is none, and works again once it is back.
 */
public final class Database implements AutoCloseable {

  private static final Duration SOCKET_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration MIGRATION_TIMEOUT = Duration.ofHours(1);
  private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration BORROW_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration VALIDATION_TIMEOUT = Duration.ofSeconds(2);

  private final DataSource dataSource;
  private final Runnable close;
  private final JdbcClient jdbc;
  private final TransactionTemplate transactions;

  private Database(DataSource dataSource, Runnable close) {
    this.dataSource = dataSource;
    this.close = close;
    this.jdbc = JdbcClient.create(dataSource);
    this.transactions = new TransactionTemplate(new JdbcTransactionManager(dataSource));
  }

  /** A pool, each of whose statements may be silent for 30 seconds. */
  public static Database open(
      DatabaseSettings settings, String applicationName, int connectionsMax) {
    return open(settings, applicationName, connectionsMax, SOCKET_TIMEOUT);
  }

  /**
   * A pool.
   *
   * @param applicationName as the server lists its sessions
   * @param socketTimeout how long the server may be silent before a statement fails
   */
  public static Database open(
      DatabaseSettings settings,
      String applicationName,
      int connectionsMax,
      Duration socketTimeout) {
    HikariConfig config = new HikariConfig();
    config.setPoolName(applicationName);
    config.setJdbcUrl(settings.jdbcUrl());
    config.setUsername(settings.user());
    config.setPassword(settings.password());
    config.setDataSourceProperties(driverProperties(applicationName, socketTimeout));
    config.setMaximumPoolSize(connectionsMax);
    config.setConnectionTimeout(BORROW_TIMEOUT.toMillis());
    config.setValidationTimeout(VALIDATION_TIMEOUT.toMillis());
    config.setInitializationFailTimeout(-1); // the database may come later than its clients
    HikariDataSource pool = new HikariDataSource(config);
    return new Database(pool, pool::close);
  }

  /** Over connections that somebody else makes, and closes in the end. */
  public static Database over(DataSource dataSource) {
    return new Database(dataSource, () -> {});
  }

  /**
   * One connection outside of any pool, for a thread that must not wait behind others; reconnects
   * at the next use after a failure. For one thread at a time.
   */
  public static Database dedicated(
      DatabaseSettings settings, String applicationName, Duration socketTimeout) {
    ReconnectingDataSource source =
        new ReconnectingDataSource(settings, driverProperties(applicationName, socketTimeout));
    return new Database(source, source::close);
  }

  /**
   * Connections outside of any pool, so that nothing that is set for them stays behind in one.
   * Whoever is lost in the middle of a migration must not keep its locks for hours; but one
   * connection may stand still while another migrates.
   *
   * @param lockTimeout how long a statement may wait for a lock, and others behind it
   */
  public static DataSource forMigrations(DatabaseSettings settings, Duration lockTimeout) {
    Properties properties = driverProperties("stoker migration", MIGRATION_TIMEOUT);
    properties.setProperty("user", settings.user());
    properties.setProperty("password", settings.password());
    properties.setProperty(
        "options",
        "-c lock_timeout=%dms -c idle_in_transaction_session_timeout=%ds -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
            .formatted(lockTimeout.toMillis(), MIGRATION_TIMEOUT.toSeconds()));
    return new SimpleDriverDataSource(new Driver(), settings.jdbcUrl(), properties);
  }

  public DataSource dataSource() {
    return dataSource;
  }

  public JdbcClient jdbc() {
    return jdbc;
  }

  public TransactionTemplate transactions() {
    return transactions;
  }

  @Override
  public void close() {
    close.run();
  }

  private static Properties driverProperties(String applicationName, Duration socketTimeout) {
    Properties properties = new Properties();
    properties.setProperty("ApplicationName", applicationName);
    properties.setProperty("connectTimeout", "2");
    properties.setProperty("loginTimeout", Long.toString(LOGIN_TIMEOUT.toSeconds()));
    properties.setProperty("socketTimeout", seconds(socketTimeout));
    properties.setProperty("tcpKeepAlive", "true");
    // A process that is stopped in mid-transaction must not keep its locks.
    properties.setProperty("options", "-c idle_in_transaction_session_timeout=15s");
    return properties;
  }

  /** The driver counts in whole seconds, and zero would mean for ever. */
  private static String seconds(Duration duration) {
    return Long.toString(Math.max(1, duration.toSeconds()));
  }
}
