package dev.stoker.simulation;

import dev.stoker.watchdog.process.ExitStatus;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.postgresql.PGConnection;
import org.springframework.jdbc.datasource.AbstractDataSource;

/**
 * What lies between the processes and their database: every statement of a task waits for its turn
 * here, and may be lost. Outside of tasks it is only a pool. A connection on which a statement was
 * lost is of no use any more, and its transaction is rolled back.
 */
final class SimulatedNetwork extends AbstractDataSource {
  private static final Pattern WRITES =
      Pattern.compile("(?i)\\b(insert into|update|delete from)\\b");
  private static final String CONNECTION_LOST = "08006";
  private static final ExitStatus KILLED = new ExitStatus(0, 9, false);

  private final DataSource server;
  private final Deque<Session> idle = new ArrayDeque<>();

  /** Also looked at while a task's statement runs. */
  private final List<Session> busy = new CopyOnWriteArrayList<>();

  private final Map<String, Words> known = new ConcurrentHashMap<>();
  private Trouble trouble;
  private boolean written;

  /** What there is to know of a statement's text. */
  private record Words(String brief, boolean writes) {
    static Words of(String sql) {
      String line = sql.strip().replaceAll("\\s+", " ");
      return new Words(
          line.length() <= 90 ? line : line.substring(0, 90) + " …", WRITES.matcher(sql).find());
    }
  }

  /** A connection to the server. They are used again and again, which costs nothing to speak of. */
  private static final class Session {
    private final Connection connection;
    private final int backend;
    private volatile boolean inTransaction;
    private volatile boolean working;
    private boolean wrote;
    private boolean broken;
    private SimulatedProcess process;

    /** Whoever borrowed it before has no say any more: a thread may outlive its simulation. */
    private final AtomicInteger loan = new AtomicInteger();

    Session(Connection connection) throws SQLException {
      this.connection = connection;
      this.backend = connection.unwrap(PGConnection.class).getBackendPID();
    }

    /** The server rolls back as soon as it misses its client. */
    void lose() throws SQLException {
      broken = true;
      if (inTransaction) {
        connection.rollback();
      }
    }

    void reset() throws SQLException {
      loan.incrementAndGet();
      if (!connection.getAutoCommit()) { // its user may have believed that it is broken
        connection.rollback();
        connection.setAutoCommit(true);
      }
      connection.setReadOnly(false);
      inTransaction = false;
      wrote = false;
      broken = false;
    }
  }

  SimulatedNetwork(DataSource server) {
    this.server = server;
  }

  /** What happens to statements from now on. */
  void trouble(Trouble next) {
    trouble = next;
  }

  /** Whether anything was written since the last call. */
  boolean takeWritten() {
    boolean was = written;
    written = false;
    return was;
  }

  /** The server processes whose tasks wait for their turn in the middle of a transaction. */
  Set<Integer> backendsInTransaction() {
    Set<Integer> backends = new HashSet<>();
    busy.stream().filter(s -> s.inTransaction).forEach(s -> backends.add(s.backend));
    return backends;
  }

  /** All tasks have ended: what they did not give back is taken from them. */
  void takeBack() {
    takeBack(_ -> true);
  }

  /** A process that has died leaves no connection behind, nor the locks of its transaction. */
  void takeBackFromTheDead() {
    takeBack(s -> s.process != null && s.process.dead() && !s.working);
  }

  private void takeBack(Predicate<Session> wanted) {
    for (Session session : busy) {
      if (wanted.test(session)) {
        try {
          giveBack(session, session.loan.get());
        } catch (SQLException e) {
          throw new SimulationFailed("cannot take a connection back", e);
        }
      }
    }
  }

  /** The server's patience with transactions of a process that does nothing ends. */
  void cutOffIdle(SimulatedProcess process) {
    for (Session session : busy) {
      // One that waits for a lock is not idle.
      if (session.process == process && session.inTransaction && !session.working) {
        try {
          session.lose();
        } catch (SQLException e) {
          throw new SimulationFailed("cannot roll back", e);
        }
      }
    }
  }

  @Override
  public Connection getConnection() throws SQLException {
    Task.current().ifPresent(Task::refuseTheDead); // first, or what it has taken would be lost
    Session session = borrow();
    int loan = session.loan.get();
    return proxy(
        Connection.class,
        (_, method, arguments) ->
            session.loan.get() == loan
                ? connection(session, loan, method, arguments)
                : returned(method.getName()));
  }

  private synchronized Session borrow() throws SQLException {
    Session session = idle.isEmpty() ? new Session(server.getConnection()) : idle.pop();
    session.process = Task.current().map(Task::process).orElse(null);
    busy.add(session);
    return session;
  }

  /** What a connection that was given back, or taken back, says. */
  private static Object returned(String method) throws SQLException {
    return switch (method) {
      case "close" -> null;
      case "isClosed" -> true;
      case "isValid" -> false;
      default -> throw new SQLException("the connection was given back", CONNECTION_LOST);
    };
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    return getConnection();
  }

  private Object connection(Session session, int loan, Method method, Object[] arguments)
      throws Throwable {
    return switch (method.getName()) {
      case "close" -> {
        giveBack(session, loan);
        yield null;
      }
      case "isClosed" -> false;
      case "isValid" -> !session.broken;
      case "setAutoCommit" -> {
        session.inTransaction = !(Boolean) arguments[0];
        if (!session.broken) {
          session.connection.setAutoCommit((Boolean) arguments[0]);
        }
        yield null;
      }
      case "commit" -> {
        perform(session, "COMMIT", () -> call(session.connection, method, arguments));
        session.wrote = false;
        yield null;
      }
      case "rollback" -> {
        refuseBroken(session);
        yield call(session.connection, method, arguments);
      }
      case "prepareStatement" ->
          statement(
              session,
              PreparedStatement.class,
              (String) arguments[0],
              call(session.connection, method, arguments));
      case "createStatement" ->
          statement(session, Statement.class, "", call(session.connection, method, arguments));
      default -> call(session.connection, method, arguments);
    };
  }

  private Object statement(
      Session session, Class<? extends Statement> type, String sql, Object statement) {
    int loan = session.loan.get();
    return proxy(
        type,
        (_, method, arguments) -> {
          if (session.loan.get() != loan && !method.getName().equals("close")) {
            return returned(method.getName());
          }
          if (!method.getName().startsWith("execute")) {
            return call(statement, method, arguments);
          }
          String text = arguments != null && arguments.length > 0 ? (String) arguments[0] : sql;
          return perform(session, text, () -> call(statement, method, arguments));
        });
  }

  @FunctionalInterface
  private interface Call {
    Object run() throws Throwable;
  }

  private Object perform(Session session, String sql, Call call) throws Throwable {
    Task task = Task.current().orElse(null);
    if (task == null) {
      return call.run();
    }
    task.refuseTheDead();
    refuseBroken(session);
    task.sleep(trouble.latency(task));
    refuseBroken(session); // while it waited
    Fault fault = trouble.fault(task);
    task.scheduler()
        .say(task + ": " + words(sql).brief() + (fault == Fault.NONE ? "" : " [" + fault + "]"));
    if (fault == Fault.DEATH_BEFORE) {
      throw dead(task);
    }
    if (fault == Fault.UNSENT) {
      session.lose();
      throw new SQLException("the connection broke before the statement was sent", CONNECTION_LOST);
    }
    Object result = send(session, task, sql, call);
    if (fault == Fault.DEATH_AFTER) {
      throw dead(task);
    }
    if (fault == Fault.UNHEARD) {
      session.lose();
      throw new SQLException("the connection broke before the answer came", CONNECTION_LOST);
    }
    return result;
  }

  private Object send(Session session, Task task, String sql, Call call) throws Throwable {
    task.backend(session.backend);
    session.working = true;
    Object result;
    try {
      result = call.run();
    } finally {
      session.working = false;
      task.backend(0);
    }
    session.wrote |= words(sql).writes() && changedRows(result);
    if (session.wrote && (!session.inTransaction || sql.equals("COMMIT"))) {
      written = true;
      session.wrote = false;
    }
    task.refuseTheDead();
    return result;
  }

  private static boolean changedRows(Object result) throws SQLException {
    return switch (result) {
      case Integer rows -> rows > 0;
      case ResultSet rows -> rows.isBeforeFirst();
      case null, default -> true;
    };
  }

  private static Killed dead(Task task) {
    task.process().die(KILLED);
    return new Killed();
  }

  private static void refuseBroken(Session session) throws SQLException {
    if (session.broken) {
      throw new SQLException("the connection is broken", CONNECTION_LOST);
    }
  }

  private synchronized void giveBack(Session session, int loan) throws SQLException {
    if (session.loan.get() == loan && busy.remove(session)) {
      session.reset();
      idle.push(session);
    }
  }

  private Words words(String sql) {
    return known.computeIfAbsent(sql, Words::of);
  }

  private static Object call(Object target, Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static <T> T proxy(Class<T> type, java.lang.reflect.InvocationHandler handler) {
    return type.cast(
        Proxy.newProxyInstance(
            SimulatedNetwork.class.getClassLoader(), new Class<?>[] {type}, handler));
  }
}
