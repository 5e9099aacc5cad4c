package dev.stoker.watchdog.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoker.database.DatabaseSettings;
import dev.stoker.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InitServiceCommandTest {
  private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();
  private static final Path ANALYZE = Path.of("/usr/bin/systemd-analyze");
  private static final String ODD = "a b%n$HOME \"q\" it's \\x";

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"plain", ODD})
  @DisplayName("fault 39: systemd has nothing to say against a unit")
  void fault_39_systemd_has_nothing_to_say_against_a_unit(String name)
      throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(ANALYZE), "systemd-analyze is not installed");
    Path output = directory.resolve("units");
    command(home(name), List.of("api", "watchdog", "postgres"), output, Map.of()).run();
    for (String unit : List.of("api", "watchdog", "postgres")) {
      String file = output.resolve("stoker-" + unit + ".service").toString();
      assertThat(analyzed("verify", "--man=no", file)).isEmpty();
      assertThat(analyzed("security", "--offline=yes", "--threshold=25", file)).isEmpty();
    }
  }

  @Test
  void every_special_character_of_a_path_is_written_as_systemd_reads_it() throws IOException {
    String home = "/srv/" + ODD;
    InitServiceCommand command =
        new InitServiceCommand(
            home(ODD),
            Path.of("/opt/jdk 25"),
            settings(Map.of("STOKER_DATA_DIR", home, "STOKER_LOG_DIR", "/logs")),
            Path.of(home),
            "stoker",
            directory,
            List.of("watchdog"));
    assertThat(command.text("watchdog"))
        .contains(
            "ExecStart=\"/opt/jdk 25/bin/java\" ",
            "a b%%n$$HOME \\\"q\\\" it's \\\\x/watchdog/target/watchdog.jar\"",
            "EnvironmentFile=-/srv/a b%%n$HOME \"q\" it's \\x\n",
            "\"STOKER_DATA_DIR=/srv/a b%%n$HOME \\\"q\\\" it's \\\\x\"")
        .doesNotContainPattern("@[a-z_]+@");
  }

  @Test
  void a_program_that_systemd_would_not_start_is_refused() {
    assertThatThrownBy(() -> UnitText.program("/opt/my \"jdk\"/bin/java"))
        .isInstanceOf(Misused.class)
        .hasMessageContaining("my \"jdk\"");
  }

  @Test
  void with_a_database_of_its_own_the_units_wait_for_it() throws IOException {
    String url = "postgresql://db:5432/stoker";
    assertThat(command(CHECKOUT, List.of(), directory, Map.of()).text("api"))
        .contains("\nWants=stoker-postgres.service\n", "\nAfter=stoker-postgres.service\n");
    assertThat(
            command(CHECKOUT, List.of(), directory, Map.of("STOKER_DATABASE_URL", url)).text("api"))
        .doesNotContain("postgres", "@embedded");
  }

  @ParameterizedTest
  @ValueSource(strings = {"root", "", "a b", "x\ny"})
  void a_user_that_a_service_cannot_have_is_refused(String user) {
    InitServiceCommand command =
        new InitServiceCommand(
            CHECKOUT, CHECKOUT, settings(Map.of()), CHECKOUT, user, directory, List.of("api"));
    assertThatThrownBy(command::run).isInstanceOf(Misused.class).hasMessageContaining("--user");
  }

  @Test
  void without_a_component_nothing_is_written() {
    assertThatThrownBy(() -> command(CHECKOUT, List.of(), directory, Map.of()).run())
        .isInstanceOf(Misused.class)
        .hasMessageContaining("--api, --watchdog or --all");
    assertThat(directory).isEmptyDirectory();
  }

  /** A directory of any name with the programs that units start. */
  private Path home(String name) throws IOException {
    Path home = directory.resolve(name);
    Files.createDirectories(home.resolve("deployment"));
    Files.createDirectories(jdk().resolve("bin"));
    Files.createSymbolicLink(jdk().resolve("bin/java"), Path.of("/bin/true"));
    Files.createSymbolicLink(
        home.resolve("deployment/systemd"), CHECKOUT.resolve("deployment/systemd"));
    return home;
  }

  /** systemd allows most but not quite all names. */
  private Path jdk() {
    return directory.resolve("jdk 5% $HOME");
  }

  private InitServiceCommand command(
      Path home, List<String> components, Path output, Map<String, String> environment) {
    return new InitServiceCommand(
        home, jdk(), settings(environment), home.resolve(".env"), "stoker", output, components);
  }

  private static DatabaseSettings settings(Map<String, String> environment) {
    return DatabaseSettings.from(new Settings(environment));
  }

  /** What it says to stderr, and its status unless 0. */
  private String analyzed(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(ANALYZE.toString()));
    command.addAll(List.of(arguments));
    Path errors = directory.resolve("errors");
    int status =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(errors.toFile())
            .start()
            .waitFor();
    return Files.readString(errors) + (status == 0 ? "" : "status " + status);
  }
}
