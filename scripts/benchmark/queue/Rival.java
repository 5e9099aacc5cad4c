import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.LongAdder;
import javax.sql.DataSource;

/** What the driver (Queue.java) and a rival say to each other, a line each. */
abstract class Rival {
  private static final long TELL_EVERY_MILLIS = 5;

  private static volatile AtomicIntegerArray marks = new AtomicIntegerArray(0);
  private static final LongAdder ran = new LongAdder();
  private static long told;

  /** No job starts from now on. */
  abstract void pause() throws Exception;

  /** Queues so many jobs. */
  abstract void fill(int jobs) throws Exception;

  /** Has them run. */
  abstract void go() throws Exception;

  /** A job ran. */
  static void mark(int number) {
    marks.incrementAndGet(number);
    ran.increment();
  }

  static HikariDataSource pool(String connections) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl("jdbc:" + System.getenv("DATABASE_URL"));
    config.setUsername(System.getenv("DATABASE_USER"));
    config.setPassword(System.getenv("DATABASE_PASSWORD"));
    config.setMaximumPoolSize(Integer.parseInt(connections));
    return new HikariDataSource(config);
  }

  /** PostgreSQL knows how many jobs there are, as it does of a queue that has run for a while. */
  static void analyze(DataSource pool, String table) throws SQLException {
    execute(pool, "ANALYZE " + table);
  }

  static void execute(DataSource pool, String sql) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  final void serve() throws Exception {
    pause();
    Thread.ofPlatform().daemon().start(Rival::tellForEver);
    say("ready");
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ", 2);
      switch (words[0]) {
        case "begin" -> begin(Integer.parseInt(words[1]));
        case "fill" -> {
          fill(Integer.parseInt(words[1]));
          say("filled");
        }
        case "go" -> go();
        case "marks" -> writeMarks(Path.of(words[1]));
        default -> throw new IllegalArgumentException("what is " + line + "?");
      }
    }
    Runtime.getRuntime().halt(0);
  }

  private void begin(int jobs) throws Exception {
    pause();
    forget(jobs);
    say("begun");
  }

  private static synchronized void forget(int jobs) {
    marks = new AtomicIntegerArray(jobs);
    ran.reset();
    told = 0;
  }

  private static void tellForEver() {
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(TELL_EVERY_MILLIS);
        tell();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static synchronized void tell() {
    long now = ran.sum();
    if (now != told) {
      told = now;
      say("ran " + now);
    }
  }

  private static void writeMarks(Path file) throws IOException {
    tell();
    byte[] bytes = new byte[marks.length()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) marks.get(i);
    }
    Files.write(file, bytes);
    say("marked");
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
