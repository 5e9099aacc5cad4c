package dev.stoker.database;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresControlTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir Path directory;

  @Test
  void help_goes_to_standard_output() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString(UTF_8)).contains("start|stop|status");
  }

  @Test
  void a_wrong_argument_is_answered_with_the_usage() {
    assertThat(run("restart")).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("start|stop|status");
  }

  @Test
  void status_of_a_server_that_does_not_run_is_3() {
    assertThat(run("status")).isEqualTo(3);
    assertThat(out.toString(UTF_8)).isEqualTo("PostgreSQL is not running.\n");
  }

  @Test
  void stopping_what_does_not_run_is_fine() {
    assertThat(run("stop")).isZero();
    assertThat(out.toString(UTF_8)).isEqualTo("PostgreSQL was not running.\n");
  }

  @Test
  void there_is_nothing_to_start_with_an_external_database() {
    assertThat(run(Map.of("STOKER_DATABASE_URL", "postgres://db/x"), "start")).isZero();
    assertThat(out.toString(UTF_8)).contains("external database");
  }

  @Test
  void wrong_settings_are_named() {
    assertThat(run(Map.of("STOKER_DATABASE_PORT", "http"), "start")).isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains("STOKER_DATABASE_PORT=http");
  }

  private int run(String... arguments) {
    return run(Map.of("STOKER_DATA_DIR", directory.toString()), arguments);
  }

  private int run(Map<String, String> environment, String... arguments) {
    return new PostgresControl(new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8))
        .run(List.of(arguments), environment);
  }
}
