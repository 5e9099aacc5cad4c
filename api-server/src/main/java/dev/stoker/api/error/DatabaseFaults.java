package dev.stoker.api.error;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Tells a database that cannot be reached from a statement that is wrong. */
public final class DatabaseFaults {
  /**
   * What HikariCP says, without a state, of a connection that it has given up because it broke. A
   * transaction whose connection is cut ends with this: the rollback's failure hides the first.
   */
  private static final String CLOSED_BY_POOL = "Connection is closed";

  private DatabaseFaults() {}

  static boolean unreachable(Throwable thrown) {
    return first(thrown, DatabaseFaults::unreachable).isPresent();
  }

  /** What the database or its driver said, if they are the cause. */
  public static Optional<SQLException> first(Throwable thrown) {
    return first(thrown, _ -> true);
  }

  private static Optional<SQLException> first(Throwable thrown, Predicate<SQLException> wanted) {
    Set<Throwable> seen = new HashSet<>();
    for (Throwable t = thrown; t != null && seen.add(t); t = t.getCause()) {
      if (t instanceof SQLException e && wanted.test(e)) {
        return Optional.of(e);
      }
    }
    return Optional.empty();
  }

  /**
   * Class 08: the connection; class 57: the server shuts down or starts; 53: it has no room; 25P03:
   * it has ended a session that stood still in a transaction.
   */
  private static boolean unreachable(SQLException e) {
    String state = e.getSQLState() == null ? "" : e.getSQLState();
    return e instanceof SQLTransientConnectionException
        || CLOSED_BY_POOL.equals(e.getMessage())
        || state.startsWith("08")
        || state.startsWith("57P")
        || state.startsWith("53")
        || state.equals("25P03");
  }
}
