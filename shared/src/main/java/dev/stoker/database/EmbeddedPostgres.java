package dev.stoker.database;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.postgresql.Driver;

/**
 * PostgreSQL as a process of its own, with its cluster in the data directory. It outlives the
 * process that started it. Every method may be called by any process, at any time, any number of
 * times.
 */
public final class EmbeddedPostgres {

  /** Whether a commit survives a power cut. */
  public enum Durability {
    DURABLE,
    /** Faster; for data that a test throws away. */
    NONE
  }

  /** A living server. */
  public record Running(long pid, int port) {}

  private static final String MAJOR_VERSION = "18";
  private static final String CONFIGURATION = "stoker.conf";
  private static final int PASSWORD_BYTES = 24;
  private static final Duration INIT_TIMEOUT = Duration.ofMinutes(2);
  private static final Duration CONTROL_TIMEOUT = Duration.ofSeconds(60);

  /** Longer than the control program takes, so that it can report its own timeout. */
  private static final Duration CONTROL_PROCESS_TIMEOUT = CONTROL_TIMEOUT.plusSeconds(10);

  private static final Duration STALE_PATIENCE = Duration.ofSeconds(60);
  private static final Duration ANSWER_PATIENCE = Duration.ofSeconds(60);
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");
  private static final String WRONG_PASSWORD = "28P01";

  private final DatabaseSettings settings;
  private final Durability durability;
  private final Path cluster;

  public EmbeddedPostgres(DatabaseSettings settings) {
    this(settings, Durability.DURABLE);
  }

  public EmbeddedPostgres(DatabaseSettings settings, Durability durability) {
    if (!settings.embedded()) {
      throw new IllegalArgumentException("an external database is configured: " + settings);
    }
    this.settings = settings;
    this.durability = durability;
    this.cluster = settings.dataDirectory().resolve("postgres");
  }

  /**
   * Makes sure that the server runs and accepts connections to its database, creating both if need
   * be. Waits, within bounds, for the remains of a killed server to go.
   *
   * @throws EmbeddedPostgresFailed if it does not
   */
  public Running start() {
    return locked(this::startLocked);
  }

  /**
   * Makes sure that the server does not run. Its sessions are cut off, its data is safe.
   *
   * @return false if it did not run
   * @throws EmbeddedPostgresFailed if it goes on running
   */
  public boolean stop() {
    return Files.isDirectory(cluster) && locked(this::stopLocked);
  }

  /**
   * The server, if it runs.
   *
   * @throws EmbeddedPostgresFailed if this user may not know
   */
  public Optional<Running> status() {
    try {
      return running();
    } catch (IOException e) {
      throw new EmbeddedPostgresFailed("Cannot look at " + cluster + ": " + e, e);
    }
  }

  private Running startLocked() throws IOException {
    PostgresBinaries binaries = PostgresBinaries.unpacked(settings.dataDirectory());
    ServerAccount account = ServerAccount.choose(cluster, binaries.program("postgres"));
    if (!Files.exists(cluster)) {
      createCluster(binaries, account);
    }
    requireMajorVersion();
    Optional<Running> answered = awaitAnswer();
    if (answered.isPresent()) {
      return answered.get();
    }
    configure(account);
    ServerLog log = ServerLog.begin(settings.logDirectory());
    launch(binaries, account, log);
    return awaitAnswer().orElseThrow(() -> notRunning("has ended at once", log));
  }

  private boolean stopLocked() throws IOException {
    if (running().isEmpty()) {
      return false;
    }
    PostgresBinaries binaries = PostgresBinaries.unpacked(settings.dataDirectory());
    ServerAccount account = ServerAccount.choose(cluster, binaries.program("postgres"));
    List<String> command =
        account.command(
            binaries.program("pg_ctl"),
            List.of("stop", "-s", "-D", cluster.toString(), "-m", "fast", "-w", "-t", timeout()));
    Command.Result result = Command.run(command, CONTROL_PROCESS_TIMEOUT);
    if (!result.succeeded() && running().isPresent()) {
      throw new EmbeddedPostgresFailed("The embedded database does not stop: " + result.output());
    }
    return true;
  }

  private Optional<Running> running() throws IOException {
    return Postmaster.alive(cluster)
        .map(postmaster -> new Running(postmaster.pid(), postmaster.port()));
  }

  /** Appears whole or not at all: a crash in between leaves nothing that a start could mistake. */
  private void createCluster(PostgresBinaries binaries, ServerAccount account) throws IOException {
    Path staging = settings.dataDirectory().resolve("postgres.new");
    Path password = settings.dataDirectory().resolve("postgres.new.password");
    PostgresBinaries.delete(staging);
    try {
      Files.createDirectory(
          staging,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      account.give(staging);
      writeSecret(password, rememberedPassword());
      account.give(password);
      Command.Result result =
          Command.run(
              account.command(binaries.program("initdb"), initArguments(staging, password)),
              INIT_TIMEOUT);
      if (!result.succeeded()) {
        throw new EmbeddedPostgresFailed(
            "Cannot create the embedded database in " + cluster + ":\n" + result.output());
      }
    } finally {
      Files.deleteIfExists(password);
    }
    Files.writeString(
        staging.resolve("postgresql.conf"),
        "\ninclude '" + CONFIGURATION + "'\n",
        UTF_8,
        StandardOpenOption.APPEND);
    Files.move(staging, cluster, StandardCopyOption.ATOMIC_MOVE);
  }

  private List<String> initArguments(Path directory, Path password) {
    return List.of(
        "--pgdata=" + directory,
        "--username=" + settings.user(),
        "--auth-local=scram-sha-256",
        "--auth-host=scram-sha-256",
        "--pwfile=" + password,
        "--data-checksums",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-instructions",
        durability == Durability.DURABLE ? "--sync-method=fsync" : "--no-sync");
  }

  /** The password of an earlier, interrupted creation serves as well. */
  private String rememberedPassword() throws IOException {
    if (!Files.exists(settings.passwordFile())) {
      byte[] random = new byte[PASSWORD_BYTES];
      new SecureRandom().nextBytes(random);
      Path staging = settings.dataDirectory().resolve("database.password.new");
      writeSecret(staging, Base64.getUrlEncoder().withoutPadding().encodeToString(random));
      Files.move(staging, settings.passwordFile(), StandardCopyOption.ATOMIC_MOVE);
    }
    return settings.password();
  }

  private static void writeSecret(Path file, String secret) throws IOException {
    Files.deleteIfExists(file);
    Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    Files.writeString(file, secret + "\n", UTF_8);
  }

  private void requireMajorVersion() throws IOException {
    String version = Files.readString(cluster.resolve("PG_VERSION"), UTF_8).strip();
    if (!version.equals(MAJOR_VERSION)) {
      throw new EmbeddedPostgresFailed(
          "%s was written by PostgreSQL %s, but this is PostgreSQL %s. Move the data over with pg_dump and pg_restore, or set STOKER_DATA_DIR to another directory."
              .formatted(cluster, version, MAJOR_VERSION));
    }
  }

  /** Written at each start; what an operator sets with ALTER SYSTEM still wins. */
  private void configure(ServerAccount account) throws IOException {
    Path file = cluster.resolve(CONFIGURATION);
    writeSecret(file, configuration());
    account.give(file);
  }

  /**
   * No Unix sockets: nothing here speaks them, their paths are limited to 107 bytes, and their lock
   * files would be one more thing that a killed server leaves. Statements and rows stay out of the
   * log, since they hold the contents of requests.
   */
  private String configuration() {
    String common =
        """
        # Written by Stoker at each start. To change a setting, use ALTER SYSTEM.
        listen_addresses = '127.0.0.1'
        port = %d
        unix_socket_directories = ''
        max_connections = 100
        shared_buffers = 256MB
        max_wal_size = 2GB
        checkpoint_timeout = 15min
        wal_compression = on
        jit = off
        timezone = 'UTC'
        log_timezone = 'UTC'
        log_min_error_statement = panic
        log_error_verbosity = terse
        """
            .formatted(settings.port());
    String forgetful =
        """
        fsync = off
        full_page_writes = off
        synchronous_commit = off
        """;
    return durability == Durability.DURABLE ? common : common + forgetful;
  }

  private void launch(PostgresBinaries binaries, ServerAccount account, ServerLog log)
      throws IOException {
    List<String> command =
        account.command(
            binaries.program("pg_ctl"),
            List.of("start", "-s", "-D", cluster.toString(), "-w", "-t", timeout()));
    Patience patience = Patience.of(STALE_PATIENCE);
    boolean again;
    do {
      Postmaster.forgetDead(cluster);
      requireFreePort();
      ServerLog attempt = ServerLog.begin(settings.logDirectory());
      int exitCode = Command.run(command, CONTROL_PROCESS_TIMEOUT, attempt.file());
      // A server that still recovers from a crash is fine: its answer is awaited next.
      again = exitCode != 0 && running().isEmpty();
      if (again && !(isHeldBack(attempt) && patience.pause())) {
        throw notRunning("does not start", log);
      }
    } while (again);
  }

  /** True if the remains of a killed server are in the way: they go by themselves. */
  private static boolean isHeldBack(ServerLog attempt) throws IOException {
    String tail = attempt.tail();
    return tail.contains("lock file \"postmaster.pid\" already exists")
        || tail.contains("pre-existing shared memory block");
  }

  private void requireFreePort() throws IOException {
    try (var _ = new ServerSocket(settings.port(), 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return;
    } catch (BindException e) {
      throw new EmbeddedPostgresFailed(
          "Port %d of 127.0.0.1 is taken by another program (%s). Stop that program, or set STOKER_DATABASE_PORT to a free port."
              .formatted(settings.port(), e.getMessage()),
          e);
    }
  }

  /** Waits until the server accepts connections; empty if there is none, or it ends meanwhile. */
  private Optional<Running> awaitAnswer() throws IOException {
    Patience patience = Patience.of(ANSWER_PATIENCE);
    while (true) {
      Optional<Running> running = running();
      if (running.isEmpty()) {
        return running;
      }
      requireConfiguredPort(running.get());
      try {
        createDatabase();
        return running;
      } catch (SQLException e) {
        requirePassword(e);
        if (!patience.pause()) {
          throw new EmbeddedPostgresFailed(
              "The embedded database (process %d) does not answer: %s"
                  .formatted(running.get().pid(), e.getMessage()),
              e);
        }
      }
    }
  }

  private void requirePassword(SQLException e) {
    if (WRONG_PASSWORD.equals(e.getSQLState())) {
      throw new EmbeddedPostgresFailed(
          settings.passwordFile()
              + " is not the password of the database in "
              + cluster
              + ". Restore the file that was written with it.",
          e);
    }
  }

  private void requireConfiguredPort(Running running) {
    if (running.port() != settings.port()) {
      throw new EmbeddedPostgresFailed(
          "The embedded database runs on port %d, but STOKER_DATABASE_PORT is %d. Stop it first, or set STOKER_DATABASE_PORT back."
              .formatted(running.port(), settings.port()));
    }
  }

  private void createDatabase() throws SQLException {
    try (Connection connection = connect("postgres");
        Statement statement = connection.createStatement();
        ResultSet found =
            statement.executeQuery(
                "SELECT FROM pg_database WHERE datname = '" + DatabaseSettings.DATABASE + "'")) {
      if (!found.next()) {
        statement.execute("CREATE DATABASE " + DatabaseSettings.DATABASE);
      }
    }
  }

  private Connection connect(String database) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", settings.user());
    properties.setProperty("password", settings.password());
    properties.setProperty("connectTimeout", "2");
    properties.setProperty("loginTimeout", "5");
    properties.setProperty("socketTimeout", "30");
    return new Driver().connect(settings.embeddedUrl(database), properties);
  }

  private EmbeddedPostgresFailed notRunning(String what, ServerLog log) {
    String tail;
    try {
      tail = log.tail();
    } catch (IOException e) {
      tail = e.toString();
    }
    return new EmbeddedPostgresFailed(
        "The embedded database in %s %s. Its log, %s, ends with:\n%s"
            .formatted(cluster, what, log.file(), tail));
  }

  private static String timeout() {
    return Long.toString(CONTROL_TIMEOUT.toSeconds());
  }

  /** Work that throws what files throw. */
  private interface FileWork<T> {
    T run() throws IOException;
  }

  private <T> T locked(FileWork<T> work) {
    try {
      Files.createDirectories(settings.dataDirectory());
      try (var _ = DirectoryLock.of(settings.dataDirectory())) {
        return work.run();
      }
    } catch (IOException e) {
      throw new EmbeddedPostgresFailed(
          "The embedded database in " + settings.dataDirectory() + " failed: " + e, e);
    }
  }
}
