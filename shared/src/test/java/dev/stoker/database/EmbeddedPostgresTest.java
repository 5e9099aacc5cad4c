package dev.stoker.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoker.database.EmbeddedPostgres.Durability;
import dev.stoker.database.EmbeddedPostgres.Running;
import dev.stoker.testing.TestPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.Driver;

/** Real servers. Each test starts the shared one itself, so that any order will do. */
class EmbeddedPostgresTest {

  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir static Path directory;
  private static DatabaseSettings settings;
  private static EmbeddedPostgres postgres;

  @BeforeAll
  static void prepare() throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    settings = TestPostgres.embeddedSettings(directory);
    postgres = new EmbeddedPostgres(settings, Durability.NONE);
  }

  @AfterAll
  static void stop() {
    postgres.stop();
  }

  @Test
  void it_is_a_process_of_its_own() throws IOException {
    long pid = postgres.start().pid();
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
    assertThat(fields.get(1)).isNotEqualTo(Long.toString(ProcessHandle.current().pid()));
    assertThat(fields.get(3)).describedAs("session").isEqualTo(Long.toString(pid));
  }

  @Test
  void starting_again_changes_nothing() {
    Running first = postgres.start();
    assertThat(postgres.start()).isEqualTo(first);
    assertThat(postgres.status()).contains(first);
  }

  @Test
  void it_can_be_started_from_many_sides_at_once() {
    postgres.stop();
    List<Running> started =
        Stream.generate(() -> postgres).limit(4).parallel().map(EmbeddedPostgres::start).toList();
    assertThat(started).containsOnly(postgres.status().orElseThrow());
  }

  @Test
  void stopping_ends_it_once() {
    postgres.start();
    assertThat(postgres.stop()).isTrue();
    assertThat(postgres.stop()).isFalse();
    assertThat(postgres.status()).isEmpty();
  }

  @Test
  void data_outlives_the_server() {
    postgres.start();
    try (Database database = Database.dedicated(settings, "test", SOON)) {
      database.jdbc().sql("CREATE TABLE kept AS SELECT 42 AS id").update();
    }
    postgres.stop();
    postgres.start();
    assertThat(ask("SELECT id FROM kept")).isEqualTo("42");
  }

  @Test
  void a_wrong_password_is_refused() {
    postgres.start();
    Properties wrong = new Properties();
    wrong.setProperty("user", settings.user());
    wrong.setProperty("password", "wrong");
    assertThatThrownBy(() -> new Driver().connect(settings.jdbcUrl(), wrong))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28P01"));
  }

  @Test
  void only_the_owner_reads_the_password() throws IOException {
    postgres.start();
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(settings.passwordFile())))
        .isEqualTo("rw-------");
  }

  @Test
  void it_listens_on_the_loopback_address_alone() throws IOException {
    int port = postgres.start().port();
    assertThat(listeners("/proc/net/tcp", port)).containsExactly("0100007F");
    assertThat(listeners("/proc/net/tcp6", port)).isEmpty();
  }

  @Test
  void its_pages_have_checksums() {
    postgres.start();
    assertThat(ask("SHOW data_checksums")).isEqualTo("on");
  }

  @Test
  void it_starts_again_at_once_after_a_kill() {
    Running killed = postgres.start();
    assertThat(ProcessHandle.of(killed.pid()).orElseThrow().destroyForcibly()).isTrue();
    Running next = postgres.start();
    assertThat(next.pid()).isNotEqualTo(killed.pid());
    assertThat(ask("SELECT 1")).isEqualTo("1");
  }

  @Test
  void a_busy_session_of_a_killed_server_does_not_keep_it_down() {
    Running killed = postgres.start();
    Thread.startVirtualThread(
        () ->
            assertThatThrownBy(
                () -> ask("SELECT count(*) AS busy FROM generate_series(1, 4000000000)")));
    while (!ask("SELECT count(*) > 1 FROM pg_stat_activity WHERE query LIKE '%AS busy%'")
        .equals("t")) {
      Thread.onSpinWait();
    }
    ProcessHandle.of(killed.pid()).orElseThrow().destroyForcibly();
    long before = System.nanoTime();
    postgres.start();
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
  }

  @Test
  void a_lock_file_that_names_a_stranger_does_not_keep_it_down() throws IOException {
    postgres.start();
    Path lockFile = directory.resolve("postgres/postmaster.pid");
    String lines = Files.readString(lockFile);
    postgres.stop();
    String self = Long.toString(ProcessHandle.current().pid());
    Files.writeString(lockFile, lines.replaceFirst("\\d+", self));
    assertThat(postgres.status()).isEmpty();
    assertThat(postgres.start().pid()).isNotEqualTo(ProcessHandle.current().pid());
  }

  @Test
  void a_taken_port_is_named() throws IOException {
    postgres.stop();
    try (var _ = new ServerSocket(settings.port(), 1, InetAddress.ofLiteral("127.0.0.1"))) {
      assertThatThrownBy(postgres::start)
          .isInstanceOf(EmbeddedPostgresFailed.class)
          .hasMessageContaining("STOKER_DATABASE_PORT")
          .hasMessageContaining(Integer.toString(settings.port()));
    }
  }

  @Test
  void another_port_than_that_of_the_running_server_is_refused() throws IOException {
    postgres.start();
    DatabaseSettings moved = TestPostgres.embeddedSettings(directory);
    assertThatThrownBy(() -> new EmbeddedPostgres(moved).start())
        .hasMessageContaining("STOKER_DATABASE_PORT");
  }

  @Test
  void a_failing_start_shows_the_end_of_the_log() throws IOException {
    postgres.start();
    postgres.stop();
    Path file = directory.resolve("postgres/postgresql.auto.conf");
    String good = Files.readString(file);
    Files.writeString(file, "nonsense = 1\n", StandardOpenOption.APPEND);
    try {
      assertThatThrownBy(postgres::start)
          .isInstanceOf(EmbeddedPostgresFailed.class)
          .hasMessageContaining("unrecognized configuration parameter \"nonsense\"");
    } finally {
      Files.writeString(file, good);
    }
  }

  @Test
  void the_data_of_another_major_version_is_refused(@TempDir Path other) throws IOException {
    reuseBinaries(other);
    Files.createDirectory(other.resolve("postgres"));
    Files.writeString(other.resolve("postgres/PG_VERSION"), "17\n");
    assertThatThrownBy(() -> new EmbeddedPostgres(TestPostgres.embeddedSettings(other)).start())
        .hasMessageContaining("PostgreSQL 17");
  }

  @Test
  void an_interrupted_creation_is_begun_again(@TempDir Path other) throws IOException {
    Files.setPosixFilePermissions(other, PosixFilePermissions.fromString("rwx--x--x"));
    reuseBinaries(other);
    Files.createDirectory(other.resolve("postgres.new"));
    Files.writeString(other.resolve("postgres.new/PG_VERSION"), "18\n");
    EmbeddedPostgres fresh =
        new EmbeddedPostgres(TestPostgres.embeddedSettings(other), Durability.NONE);
    try {
      assertThat(fresh.start().pid()).isPositive();
    } finally {
      fresh.stop();
    }
  }

  /** A clone below root's home: no other user gets in, and PostgreSQL refuses root. */
  @Test
  void root_runs_it_where_no_other_user_gets_in(@TempDir Path closed) throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root needs this");
    assumeTrue(
        Command.run(List.of("unshare", "--user", "/bin/true"), SOON).succeeded(),
        "this system allows no user namespaces");
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
    reuseBinaries(closed);
    DatabaseSettings inside = TestPostgres.embeddedSettings(closed);
    EmbeddedPostgres durable = new EmbeddedPostgres(inside);
    try {
      Running first = durable.start();
      assertThat(ask(inside, "SHOW fsync")).isEqualTo("on");
      assertThat(ProcessHandle.of(first.pid()).orElseThrow().destroyForcibly()).isTrue();
      durable.start();
      assertThat(durable.stop()).isTrue();
      // Others get in by now; the account stays that of the files.
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwxr-xr-x"));
      durable.start();
      assertThat(Files.getAttribute(closed.resolve("postgres/PG_VERSION"), "unix:uid"))
          .isEqualTo(0);
    } finally {
      durable.stop();
    }
  }

  /** Unpacking takes longer than all else here. */
  private static void reuseBinaries(Path other) throws IOException {
    Path unpacked = PostgresBinaries.unpacked(directory).directory();
    Files.createSymbolicLink(other.resolve(unpacked.getFileName()), unpacked);
  }

  private static List<String> listeners(String table, int port) throws IOException {
    String suffix = String.format(Locale.ROOT, ":%04X", port);
    try (Stream<String> lines = Files.lines(Path.of(table))) {
      return lines
          .map(line -> List.of(line.strip().split("\\s+", -1)))
          .filter(fields -> fields.get(1).endsWith(suffix) && fields.get(3).equals("0A"))
          .map(fields -> fields.get(1).substring(0, fields.get(1).indexOf(':')))
          .toList();
    }
  }

  private static String ask(String statement) {
    return ask(settings, statement);
  }

  private static String ask(DatabaseSettings of, String statement) {
    try (Database database = Database.dedicated(of, "test", SOON)) {
      return database.jdbc().sql(statement).query(String.class).single();
    }
  }
}
