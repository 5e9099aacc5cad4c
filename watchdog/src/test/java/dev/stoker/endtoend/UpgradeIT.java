package dev.stoker.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.database.DatabaseSettings;
import dev.stoker.endtoend.Installation.Finished;
import dev.stoker.engine.mock.MockEngine;
import dev.stoker.settings.Settings;
import dev.stoker.testing.Until;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;

/** A later build's api-server starts while everything else is still of this one. */
class UpgradeIT {
  private static final Until SOON = Until.within(Duration.ofMinutes(1));
  private static final int LINES = 3_000;
  private static final String REFUSED = "made by a newer Stoker";

  @Test
  void what_runs_goes_on_through_an_upgrade_and_what_starts_too_late_refuses_to() throws Exception {
    try (MockEngine engine =
            MockEngine.start(
                "--models", "all-minilm-l6-v2", "--slots", "64", "--per-token", "1ms");
        Installation installation =
            Installation.start(
                "upgrade",
                Map.of("STOKER_ENGINE", "openai", "STOKER_ENGINE_URL", engine.uri().toString()))) {
      Client client = new Client(installation.root());
      String batch = Client.text(client.create(client.upload(LINES)).body(), "id");
      SOON.holds(() -> Client.number(client.batch(batch), "completed") > 0);
      List<ProcessHandle> before = installation.workers();

      upgrade(installation);

      assertThat(Client.number(client.batch(batch), "completed")).isLessThan(LINES);
      SOON.holds(() -> Client.text(client.batch(batch), "status").equals("completed"));
      assertThat(Client.number(client.batch(batch), "completed")).isEqualTo(LINES);
      assertThat(client.customIds(Client.text(client.batch(batch), "output_file_id")))
          .hasSize(LINES)
          .doesNotHaveDuplicates();
      assertThat(installation.workers()).isEqualTo(before);

      installation.signal(before.getFirst(), "KILL");
      SOON.holds(() -> log(installation, "worker.log").contains(REFUSED));
      assertThat(client.get("/health").body()).doesNotContain("gave_up");

      installation.signal("watchdog", "KILL");
      installation.signal("api_server", "KILL");
      Finished started = installation.run("start-all.sh");
      assertThat(started.status()).as(started.output()).isNotZero();
      assertThat(log(installation, "api_server.console.log")).contains(REFUSED);
    }
  }

  private static void upgrade(Installation installation) {
    Settings settings = new Settings(installation.environment());
    DatabaseSettings database = DatabaseSettings.from(settings);
    Flyway.configure()
        .dataSource(database.jdbcUrl(), database.user(), database.password())
        .locations("classpath:db/migration", "classpath:upgrade")
        .load()
        .migrate();
  }

  private static String log(Installation installation, String name) throws IOException {
    Path file = installation.logDirectory().resolve(name);
    return Files.exists(file) ? Files.readString(file) : "";
  }
}
