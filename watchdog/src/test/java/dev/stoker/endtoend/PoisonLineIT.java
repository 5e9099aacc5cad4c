package dev.stoker.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.testing.Until;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A line that ends what runs it, each time that it is run, under the real watchdog. */
class PoisonLineIT {
  private static final Duration SOON = Duration.ofMinutes(2);
  private static final int LINES = 1_000;

  @Test
  void fault_25_one_poison_line_costs_itself_and_neither_the_rest_nor_the_slot() {
    poisoned(
        "poison",
        Map.of(
            "STOKER_WORKER_COMMAND", command(),
            "POISON_MODEL", "all-minilm-l6-v2",
            "POISON_CRASHES", "A sentence about the number 300."),
        "r-300");
  }

  @Test
  void a_line_that_kills_a_server_which_the_worker_started_costs_no_more() {
    poisoned(
        "poisoned-server",
        Map.of(
            "STOKER_ENGINE", "openai",
            "STOKER_ENGINE_MODELS", "all-minilm-l6-v2",
            "STOKER_ENGINE_COMMAND",
                "'%s' --port {port} --slots 16 --models all-minilm-l6-v2 --faults 'crash_on=the number 300.'"
                    .formatted(Installation.HOME.resolve("scripts/mock-engine"))),
        "r-300");
  }

  private static void poisoned(String name, Map<String, String> settings, String... lines) {
    try (Installation installation = Installation.start(name, settings)) {
      Client client = new Client(installation.root());
      HttpResponse<String> created = client.create(client.upload(LINES));
      assertThat(created.statusCode()).as(created.body()).isEqualTo(200);
      String batch = Client.text(created.body(), "id");

      Until.within(SOON)
          .holds(() -> Client.text(client.batch(batch), "status").equals("completed"));

      onlyTheseFailed(client, client.batch(batch), lines);
      Until.within(SOON)
          .holds(() -> client.get("/health").body().contains("\"state\":\"running\""));
      String recoveries = client.get("/recoveries").body();
      assertThat(recoveries.split("\"poison\":true", -1)).as(recoveries).hasSizeGreaterThan(2);
      assertThat(recoveries)
          .as("once the line is found, not even the first death counts")
          .doesNotContain("\"planned\":false,\"poison\":false");
    }
  }

  private static void onlyTheseFailed(Client client, String batch, String... lines) {
    assertThat(Client.number(batch, "completed")).isEqualTo(LINES - lines.length);
    assertThat(Client.number(batch, "failed")).isEqualTo(lines.length);
    assertThat(client.customIds(Client.text(batch, "output_file_id")))
        .doesNotContain(lines)
        .hasSize(LINES - lines.length)
        .doesNotHaveDuplicates();
    String errors = Client.text(batch, "error_file_id");
    assertThat(client.customIds(errors)).containsExactly(lines);
    assertThat(client.get("/v1/files/" + errors + "/content").body().lines())
        .allMatch(line -> line.contains("engine_crash"));
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
