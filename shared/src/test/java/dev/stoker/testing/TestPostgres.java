package dev.stoker.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.stoker.database.Database;
import dev.stoker.database.DatabaseSettings;
import dev.stoker.database.EmbeddedPostgres;
import dev.stoker.settings.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.slf4j.LoggerFactory;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * The one PostgreSQL server of this test JVM, chosen by STOKER_TEST_DB:
 *
 * <ul>
 *   <li>{@code embedded}: Stoker's own, in a temporary directory
 *   <li>{@code testcontainers}: STOKER_TEST_POSTGRES_IMAGE, by default postgres:18
 *   <li>{@code url}: the server of STOKER_TEST_DB_URL, whose user may create databases
 *   <li>{@code auto}, the default: a container where Docker answers, else the embedded one
 * </ul>
 *
 * It is migrated once, into a template; each test class works on a clone of its own.
 */
public final class TestPostgres {

  private static final Duration SOCKET_TIMEOUT = Duration.ofSeconds(30);
  private static final AtomicInteger CLONES = new AtomicInteger();

  private final DatabaseSettings server;
  private final String prefix = "stoker_test_" + ProcessHandle.current().pid() + "_";

  private TestPostgres(DatabaseSettings server) {
    this.server = server;
  }

  /** Starts the server with the first database that is asked for. */
  private static final class Started {
    static final TestPostgres SERVER = start();
  }

  /** A fresh, migrated, empty database. Whoever asks drops it in the end. */
  public static DatabaseSettings create() {
    TestPostgres postgres = Started.SERVER;
    String name = postgres.prefix + CLONES.incrementAndGet();
    postgres.administer("CREATE DATABASE " + name + " TEMPLATE " + postgres.template());
    return postgres.database(name);
  }

  /** Drops a database of {@link #create}, whoever is still connected. */
  public static void drop(DatabaseSettings database) {
    String url = database.jdbcUrl().replaceFirst("\\?.*", "");
    String name = url.substring(url.lastIndexOf('/') + 1);
    Started.SERVER.administer("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
  }

  /** What points a process at a database of this server; sets an odd time zone as well. */
  static Map<String, String> environment(DatabaseSettings database) {
    return Map.of(
        "STOKER_DATABASE_URL", database.jdbcUrl(),
        "STOKER_DATABASE_USER", database.user(),
        "STOKER_DATABASE_PASSWORD", database.password(),
        "TZ", "Pacific/Chatham");
  }

  private static TestPostgres start() {
    String choice = variable("STOKER_TEST_DB", "auto");
    TestPostgres postgres =
        switch (choice) {
          case "auto" -> automatic();
          case "embedded" -> embedded();
          case "testcontainers" -> container();
          case "url" -> external();
          default ->
              throw new IllegalArgumentException(
                  "STOKER_TEST_DB=" + choice + " is not auto, embedded, testcontainers or url");
        };
    postgres.migrateTemplate();
    return postgres;
  }

  private static TestPostgres automatic() {
    // A look at the socket is free; Testcontainers takes half a second to say no, and logs an
    // error.
    boolean worthAsking =
        !variable("DOCKER_HOST", "").isEmpty() || Files.exists(Path.of("/var/run/docker.sock"));
    Logger logger = (Logger) LoggerFactory.getLogger("org.testcontainers");
    Level level = logger.getLevel();
    logger.setLevel(Level.OFF);
    try {
      if (worthAsking && DockerClientFactory.instance().isDockerAvailable()) {
        return container();
      }
    } catch (RuntimeException e) {
      say("no container (" + e.getMessage() + ")");
    } finally {
      logger.setLevel(level);
    }
    return embedded();
  }

  private static TestPostgres container() {
    String image = variable("STOKER_TEST_POSTGRES_IMAGE", "postgres:18");
    PostgreSQLContainer container = new PostgreSQLContainer(image);
    container.start();
    atExit(container::stop);
    say("container of " + image);
    return new TestPostgres(
        settings(container.getJdbcUrl(), container.getUsername(), container.getPassword()));
  }

  private static TestPostgres embedded() {
    try {
      Path directory = Files.createTempDirectory("stoker-test-postgres-");
      // Root lets another user run the server, who has to get in.
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
      DatabaseSettings settings = embeddedSettings(directory);
      EmbeddedPostgres postgres = new EmbeddedPostgres(settings, EmbeddedPostgres.Durability.NONE);
      atExit(
          () -> {
            postgres.stop();
            delete(directory);
          });
      postgres.start();
      say("embedded server in " + directory);
      return new TestPostgres(settings(settings.jdbcUrl(), settings.user(), settings.password()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static TestPostgres external() {
    DatabaseSettings server =
        settings(
            variable("STOKER_TEST_DB_URL", ""),
            variable("STOKER_TEST_DB_USER", ""),
            variable("STOKER_TEST_DB_PASSWORD", ""));
    say("server of STOKER_TEST_DB_URL");
    return new TestPostgres(server);
  }

  /** Settings of an embedded server in a directory, on a free port. */
  public static DatabaseSettings embeddedSettings(Path directory) throws IOException {
    return read(
        Map.of(
            "STOKER_DATA_DIR", directory.toString(),
            "STOKER_LOG_DIR", directory.resolve("logs").toString(),
            "STOKER_DATABASE_PORT", Integer.toString(freePort())));
  }

  private static DatabaseSettings settings(String url, String user, String password) {
    return read(
        Map.of(
            "STOKER_DATABASE_URL", url,
            "STOKER_DATABASE_USER", user,
            "STOKER_DATABASE_PASSWORD", password));
  }

  private static DatabaseSettings read(Map<String, String> environment) {
    Settings settings = new Settings(environment);
    DatabaseSettings database = DatabaseSettings.from(settings);
    settings.verify();
    return database;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private String template() {
    return prefix + "template";
  }

  private void migrateTemplate() {
    administer("CREATE DATABASE " + template());
    DatabaseSettings template = database(template());
    Flyway.configure()
        .dataSource(template.jdbcUrl(), template.user(), template.password())
        .locations("classpath:db/migration")
        .load()
        .migrate();
    if (variable("STOKER_TEST_DB", "auto").equals("url")) {
      atExit(() -> administer("DROP DATABASE IF EXISTS " + template())); // nobody else would
    }
  }

  private DatabaseSettings database(String name) {
    return settings(
        server.jdbcUrl().replaceFirst("^(jdbc:postgresql://[^/]+/)[^?]*", "$1" + name),
        server.user(),
        server.password());
  }

  private void administer(String statement) {
    try (Database database = Database.dedicated(server, "stoker-test", SOCKET_TIMEOUT)) {
      database.jdbc().sql(statement).update();
    }
  }

  private static String variable(String name, String fallback) {
    return System.getenv().getOrDefault(name, fallback);
  }

  private static void atExit(Runnable action) {
    Runtime.getRuntime().addShutdownHook(new Thread(action, "test-postgres-end"));
  }

  private static void say(String what) {
    System.out.println("Test database: " + what);
  }

  private static void delete(Path directory) {
    try (Stream<Path> found = Files.walk(directory)) {
      List<Path> deepestFirst = found.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
