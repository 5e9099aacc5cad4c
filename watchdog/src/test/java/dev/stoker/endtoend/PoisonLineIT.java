package dev.stoker.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.testing.Until;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** One line ends the process each time that it is run, under the real watchdog. */
class PoisonLineIT {
  private static final Duration SOON = Duration.ofMinutes(2);
  private static final int LINES = 1_000;

  private static Installation installation;
  private static Client client;

  @BeforeAll
  static void start() {
    installation =
        Installation.start(
            "poison",
            Map.of(
                "STOKER_WORKER_COMMAND", command(),
                "POISON_MODEL", "all-minilm-l6-v2",
                "POISON_CRASHES", "A sentence about the number 300."));
    client = new Client(installation.root());
  }

  @AfterAll
  static void stop() {
    installation.close();
  }

  @Test
  void fault_25_one_poison_line_costs_itself_and_neither_the_rest_nor_the_slot() {
    HttpResponse<String> created = client.create(client.upload(LINES));
    assertThat(created.statusCode()).as(created.body()).isEqualTo(200);
    String batch = Client.text(created.body(), "id");

    Until.within(SOON).holds(() -> Client.text(client.batch(batch), "status").equals("completed"));

    String ended = client.batch(batch);
    assertThat(Client.number(ended, "completed")).isEqualTo(LINES - 1);
    assertThat(Client.number(ended, "failed")).isEqualTo(1);
    assertThat(client.customIds(Client.text(ended, "output_file_id")))
        .doesNotContain("r-300")
        .hasSize(LINES - 1)
        .doesNotHaveDuplicates();
    assertThat(client.get("/v1/files/" + Client.text(ended, "error_file_id") + "/content").body())
        .contains("\"custom_id\":\"r-300\"", "engine_crash")
        .hasLineCount(1);
    Until.within(SOON).holds(() -> client.get("/health").body().contains("\"state\":\"running\""));
    String recoveries = client.get("/recoveries").body();
    assertThat(recoveries.split("\"poison\":true", -1)).as(recoveries).hasSizeGreaterThan(2);
    assertThat(recoveries)
        .as("once the line is found, not even the first death counts")
        .doesNotContain("\"planned\":false,\"poison\":false");
  }

  private static String command() {
    Path worker = Installation.HOME.resolve("worker");
    return String.join(
        " ",
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            worker.resolve("target/test-classes")
                + ":"
                + worker.resolve("target/classes")
                + ":"
                + worker.resolve("target/lib/*"),
            "dev.stoker.worker.PoisonWorker"));
  }
}
