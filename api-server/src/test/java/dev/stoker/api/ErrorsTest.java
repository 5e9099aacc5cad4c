package dev.stoker.api;

import static dev.stoker.api.TestApi.line;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.api.TestApi.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorsTest {
  @RegisterExtension static final TestApi api = new TestApi();

  @ParameterizedTest
  @CsvSource({
    "GET,/",
    "GET,/v1",
    "GET,/v1/nothing",
    "POST,/v1/nothing",
    "GET,/favicon.ico",
    "GET,/error"
  })
  void an_unknown_route_is_named(String method, String path) {
    Answer answer = api.send(api.request(path).method(method, HttpRequest.BodyPublishers.noBody()));
    assertThat(answer.error()).isEqualTo("404 invalid_request_error - unknown_url");
    assertThat(answer.message()).startsWith("Invalid URL (" + method + " " + path);
    wellFormed(answer);
  }

  @Test
  void a_wrong_method_is_named() {
    Answer answer =
        api.send(api.request("/v1/batches").PUT(HttpRequest.BodyPublishers.ofString("{}")));
    assertThat(answer.error()).isEqualTo("405 invalid_request_error - method_not_supported");
    assertThat(answer.message()).startsWith("Not allowed to PUT on /v1/batches.");
    assertThat(answer.header("Allow")).isEqualTo("GET, POST");
    wellFormed(answer);
    assertThat(api.delete("/v1/batches/x").status()).isEqualTo(405);
    assertThat(api.get("/v1/batches/x/cancel").status()).isEqualTo(405);
  }

  private static void wellFormed(Answer answer) {
    assertThat(answer.header("Content-Type")).startsWith("application/json");
    assertThat(answer.header("x-request-id")).matches("req_[0-9a-f]{32}");
    assertThat(answer.json().path("error").propertyNames())
        .containsExactly("message", "type", "param", "code");
  }

  @Test
  void an_upload_whose_connection_is_cut_may_be_tried_again() {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    Multipart form =
        new Multipart().text("purpose", "batch").file("in.jsonl", line("a").getBytes(ISO_8859_1));

    api.transactions()
        .executeWithoutResult(
            _ -> {
              api.jdbc().sql("LOCK TABLE file_part").update();
              Thread.ofPlatform().start(() -> answer.complete(api.upload(form)));
              TestApi.await(() -> cutUntil(answer), done -> done);
            });

    assertThat(answer.join().error()).isEqualTo("503 server_error - -");
    assertThat(answer.join().message()).startsWith("The database cannot be reached.");
    assertThat(answer.join().header("Retry-After")).isEqualTo("5");
  }

  /** Cuts whoever waits for a lock; says whether there is an answer. */
  private static boolean cutUntil(CompletableFuture<Answer> answer) {
    api.jdbc()
        .sql("SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE NOT granted")
        .query(Integer.class)
        .single();
    return answer.isDone();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/files",
        "/v1/files/",
        "/files",
        "/files/",
        "/v1/batches/",
        "/batches",
        "/batches/",
        "/v1/models/",
        "/models",
        "/health/",
        "/v1/health",
        "/health/live/",
        "/health/ready"
      })
  void a_trailing_slash_and_a_missing_prefix_are_served(String path) {
    assertThat(api.get(path).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/html", "application/xml", "application/binary", "*/*", "junk"})
  void no_accept_header_is_refused(String accept) {
    Answer answer = api.send(api.request("/v1/batches").header("Accept", accept));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).isEqualTo("application/json");
    wellFormed(api.send(api.request("/v1/files/x").header("Accept", accept)));
  }

  @Test
  void a_query_that_cannot_be_read_is_the_clients_fault() throws IOException {
    assertThat(raw("GET /v1/batches?limit=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 400 ")
        .contains("invalid_request_error");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /v1/files/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /v1/fi<les HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /v1/files HTTP/1.1\r\n\r\n",
        "GET /v1/files HTTP/9.9\r\nHost: x\r\n\r\n",
        "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /v1/batches HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        "GET /v1/files/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      })
  void what_is_no_http_gets_the_envelope_too(String request) throws IOException {
    assertThat(raw(request))
        .containsPattern("^HTTP/1.1 [45]\\d\\d ")
        .containsPattern("(?i)content-type: application/json")
        .containsPattern("x-request-id: req_")
        .contains("{\"error\":{\"message\":");
  }

  @Test
  void overlong_headers_get_the_envelope_too() throws IOException {
    assertThat(
            raw("GET /v1/files HTTP/1.1\r\nHost: x\r\nX-Long: " + "y".repeat(100_000) + "\r\n\r\n"))
        .startsWith("HTTP/1.1 4")
        .contains("{\"error\":{\"message\":");
  }

  private static String raw(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.port())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }
  }

  @Test
  void an_unexpected_fault_shows_nothing_of_itself() {
    api.jdbc().sql("ALTER TABLE batch RENAME TO batch_away").update();
    try {
      Answer answer = api.get("/v1/batches");
      assertThat(answer.error()).isEqualTo("500 server_error - -");
      assertThat(answer.message())
          .contains(answer.header("x-request-id"))
          .doesNotContain("SQL", "batch");
      wellFormed(answer);
    } finally {
      api.jdbc().sql("ALTER TABLE batch_away RENAME TO batch").update();
    }
  }
}
