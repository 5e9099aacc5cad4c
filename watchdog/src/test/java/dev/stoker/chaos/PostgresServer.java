package dev.stoker.chaos;

import dev.stoker.database.DatabaseSettings;
import dev.stoker.database.EmbeddedPostgres;
import dev.stoker.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/** A PostgreSQL whose process is a child of this one, with all the durability of the real one. */
final class PostgresServer {
  private final DatabaseSettings settings;
  private final Path cluster;
  private final Path log;
  private final List<String> command;
  private final Map<String, String> environment;
  private volatile Process process;

  private PostgresServer(
      DatabaseSettings settings,
      Path cluster,
      Path log,
      List<String> command,
      Map<String, String> environment) {
    this.settings = settings;
    this.cluster = cluster;
    this.log = log;
    this.command = command;
    this.environment = environment;
  }

  /** Makes a cluster in a directory; its server does not run yet. */
  static PostgresServer create(Path directory, Path logs, int port, Map<String, String> environment)
      throws IOException {
    Settings read =
        new Settings(
            Map.of(
                "STOKER_DATA_DIR", directory.toString(),
                "STOKER_LOG_DIR", logs.toString(),
                "STOKER_DATABASE_PORT", Integer.toString(port)));
    DatabaseSettings settings = DatabaseSettings.from(read);
    read.verify();
    EmbeddedPostgres first = new EmbeddedPostgres(settings);
    long pid = first.start().pid();
    Path program = Files.readSymbolicLink(Path.of("/proc/" + pid + "/exe"));
    first.stop();
    Path cluster = directory.resolve("postgres");
    return new PostgresServer(
        settings,
        cluster,
        logs.resolve("chaos-postgres.log"),
        command(cluster, program),
        environment);
  }

  /** It does not run as root: root becomes the owner of the files. */
  private static List<String> command(Path cluster, Path program) throws IOException {
    int owner = (int) Files.getAttribute(cluster, "unix:uid");
    int group = (int) Files.getAttribute(cluster, "unix:gid");
    int ours = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    List<String> words = new ArrayList<>();
    if (owner != ours) {
      words.addAll(List.of("setpriv", "--reuid=" + owner, "--regid=" + group));
      words.addAll(List.of("--clear-groups", "--"));
    } else if (ours == 0) {
      words.addAll(List.of("unshare", "--user"));
    }
    words.addAll(List.of(program.toString(), "-D", cluster.toString()));
    return words;
  }

  DatabaseSettings settings() {
    return settings;
  }

  /** Once; what it finds in its way makes it end, and whoever keeps it tries again. */
  void start() throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().clear();
    builder.environment().putAll(Map.of("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL", "C"));
    builder.environment().putAll(environment);
    builder
        .directory(Path.of("/").toFile())
        .redirectInput(Path.of("/dev/null").toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    forgetDead();
    process = builder.start();
  }

  /** The number of a killed server may be another process's by now. */
  private void forgetDead() throws IOException {
    Path file = cluster.resolve("postmaster.pid");
    if (Files.exists(file)) {
      long pid = Long.parseLong(Files.readAllLines(file).getFirst().strip());
      if (ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty()) {
        Files.deleteIfExists(file);
      }
    }
  }

  boolean runs() {
    return process != null && process.isAlive();
  }

  void signal(String signal) {
    if (runs()) {
      Shell.signal(process.pid(), signal);
    }
  }

  /** One of the processes that serve a connection, or nobody if there is none. */
  void killSession(int aim) {
    List<ProcessHandle> sessions = runs() ? process.children().toList() : List.of();
    if (!sessions.isEmpty()) {
      Shell.signal(sessions.get(aim % sessions.size()).pid(), "KILL");
    }
  }

  /** Shuts it down, and kills it if it does not. */
  void end() {
    for (String signal : List.of("INT", "QUIT", "KILL")) {
      signal(signal);
      if (endsSoon()) {
        return;
      }
    }
  }

  private boolean endsSoon() {
    try {
      return process == null || process.waitFor(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** A session that does not go by way of the proxy. */
  Connection connect() throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", settings.user());
    properties.setProperty("password", settings.password());
    properties.setProperty("connectTimeout", "2");
    properties.setProperty("loginTimeout", "5");
    properties.setProperty("socketTimeout", "30");
    return DriverManager.getConnection(settings.jdbcUrl(), properties);
  }
}
