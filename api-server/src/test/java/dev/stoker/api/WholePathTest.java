package dev.stoker.api;

import static dev.stoker.api.TestApi.line;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class WholePathTest {
  @RegisterExtension static final TestApi api = new TestApi();

  @Test
  void a_file_becomes_a_batch_becomes_results() {
    String file = api.file(line("a"), line("bad-b"), line("c", "m-2"));
    String batch = api.batch(file);
    TestApi.Answer running = api.await(batch, "in_progress");
    assertThat(running.at("/request_counts/total")).isEqualTo("3");
    assertThat(running.at("/model")).isEqualTo("m-1");
    assertThat(running.json().path("output_file_id").isNull()).isTrue();

    api.work();

    TestApi.Answer done = api.await(batch, "completed");
    assertThat(done.json().path("request_counts").toString())
        .isEqualTo("{\"total\":3,\"completed\":2,\"failed\":1}");
    assertThat(done.json().path("usage").toString())
        .isEqualTo(
            "{\"input_tokens\":21,\"input_tokens_details\":{\"cached_tokens\":3},\"output_tokens\":4,"
                + "\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":25}");
    TestApi.Answer output = api.get("/v1/files/" + done.at("/output_file_id") + "/content");
    assertThat(output.header("Content-Type")).isEqualTo("application/jsonl");
    assertThat(output.header("Content-Disposition"))
        .isEqualTo("attachment; filename=\"" + batch + "_output.jsonl\"");
    assertThat(output.text().lines())
        .satisfiesExactly(
            first -> assertThat(first).contains("\"custom_id\":\"a\"", "\"status_code\":200"),
            second -> assertThat(second).contains("\"custom_id\":\"c\""));
    assertThat(api.get("/v1/files/" + done.at("/error_file_id") + "/content").text())
        .contains("\"custom_id\":\"bad-b\"", "\"status_code\":400")
        .endsWith("\"error\":null}\n");
  }
}
