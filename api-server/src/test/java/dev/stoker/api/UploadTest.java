package dev.stoker.api;

import static dev.stoker.api.TestApi.line;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.api.TestApi.Answer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class UploadTest {
  @RegisterExtension static final TestApi api = new TestApi();

  private static final byte[] LINES = (line("a") + "\n" + line("b") + "\n").getBytes(UTF_8);

  static Stream<Arguments> forms() {
    return Stream.of(
        Arguments.of(
            "purpose first", form().text("purpose", "batch").file("in.jsonl", LINES), "in.jsonl"),
        Arguments.of(
            "file first", form().file("in.jsonl", LINES).text("purpose", "batch"), "in.jsonl"),
        Arguments.of(
            "typed text", form().file("in.jsonl", LINES).typedText("purpose", "batch"), "in.jsonl"),
        Arguments.of("no filename", form().namelessFile(LINES).text("purpose", "batch"), "upload"),
        Arguments.of("any filename", form().text("purpose", "batch").file("x", LINES), "x"),
        Arguments.of(
            "a path",
            form().text("purpose", "batch").file("C:\\\\dir\\\\in.jsonl", LINES),
            "in.jsonl"),
        Arguments.of(
            "umlauts",
            form().text("purpose", "batch").file("größe 值.jsonl", LINES),
            "größe 值.jsonl"),
        Arguments.of(
            "more fields",
            form().text("x", "y").text("purpose", "batch").file("in.jsonl", LINES),
            "in.jsonl"));
  }

  private static Multipart form() {
    return new Multipart();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("forms")
  void every_form_is_understood(String what, Multipart form, String filename) {
    Answer answer = api.upload(form);
    assertThat(answer.status()).as(what).isEqualTo(200);
    assertThat(answer.at("/filename")).isEqualTo(filename);
    assertThat(answer.at("/bytes")).isEqualTo(Integer.toString(LINES.length));
    assertThat(api.get("/v1/files/" + answer.at("/id") + "/content").bytes()).isEqualTo(LINES);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("forms")
  void every_form_is_understood_in_chunks(String what, Multipart form, String filename) {
    Answer answer =
        api.send(
            api.request("/files/")
                .header("Content-Type", form.contentType())
                .POST(
                    HttpRequest.BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(form.bytes()))));
    assertThat(answer.status()).as(what).isEqualTo(200);
    assertThat(answer.at("/filename")).isEqualTo(filename);
  }

  @Test
  void a_file_looks_like_openais() {
    Answer answer = api.upload(form().text("purpose", "batch").file("in.jsonl", LINES));
    long created = answer.json().path("created_at").asLong();
    assertThat(answer.text())
        .isEqualTo(
            ("{'id':'%s','object':'file','bytes':%d,'created_at':%d,'expires_at':%d,"
                    + "'filename':'in.jsonl','purpose':'batch','status':'processed','status_details':null}")
                .replace('\'', '"')
                .formatted(answer.at("/id"), LINES.length, created, created + 2_592_000));
    assertThat(answer.at("/id")).matches("file-[0-9a-f]{32}");
    assertThat(answer.header("Content-Type")).isEqualTo("application/json");
    assertThat(answer.header("x-request-id")).matches("req_[0-9a-f]{32}");
    assertThat(api.get("/v1/files/" + answer.at("/id")).text()).isEqualTo(answer.text());
  }

  @Test
  void only_batch_inputs_expire_by_themselves() {
    Answer kept = api.upload(form().text("purpose", "assistants").file("a.pdf", new byte[] {0, 1}));
    assertThat(kept.json().path("expires_at").isNull()).isTrue();
    Answer told =
        api.upload(
            form()
                .file("a.txt", LINES)
                .text("expires_after[anchor]", "created_at")
                .text("expires_after[seconds]", "3600")
                .text("purpose", "user_data"));
    assertThat(told.json().path("expires_at").asLong() - told.json().path("created_at").asLong())
        .isEqualTo(3600);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("faults")
  void what_is_refused(String what, Multipart form, String error, String message) {
    Answer answer = api.upload(form);
    assertThat(answer.error()).as(what).isEqualTo(error);
    assertThat(answer.message()).contains(message);
    assertThat(answer.header("x-request-id")).startsWith("req_");
    assertThat(rows("file")).isZero();
    assertThat(rows("file_part")).isZero();
  }

  static Stream<Arguments> faults() {
    String plain = "400 invalid_request_error - -";
    byte[] big = new byte[TestApi.UPLOAD_BYTES_MAX + 1];
    return Stream.of(
        Arguments.of(
            "no purpose",
            form().file("a", LINES),
            "400 invalid_request_error purpose missing_required_parameter",
            "'purpose'"),
        Arguments.of(
            "no file",
            form().text("purpose", "batch"),
            "400 invalid_request_error file missing_required_parameter",
            "'file'"),
        Arguments.of(
            "two files",
            form().file("a", LINES).file("b", LINES).text("purpose", "batch"),
            "400 invalid_request_error file invalid_value",
            "only one"),
        Arguments.of(
            "purpose x",
            form().text("purpose", "x").file("a", LINES),
            "400 invalid_request_error purpose invalid_value",
            "'x' is not one of ['assistants', 'batch',"),
        Arguments.of(
            "a produced purpose",
            form().text("purpose", "batch_output").file("a", LINES),
            "400 invalid_request_error purpose invalid_value",
            "'batch_output' is not one of"),
        Arguments.of(
            "no JSONL",
            form().text("purpose", "batch").file("a.jsonl", "hello\n".getBytes(UTF_8)),
            plain,
            "Invalid file format for Batch API. Must be .jsonl"),
        Arguments.of(
            "no JSONL, purpose last",
            form().file("a.jsonl", "hello\n".getBytes(UTF_8)).text("purpose", "batch"),
            plain,
            "Must be .jsonl"),
        Arguments.of(
            "too large",
            form().text("purpose", "user_data").file("a", big),
            plain,
            "File is too large."),
        Arguments.of(
            "half an expiry",
            form().text("purpose", "batch").file("a", LINES).text("expires_after[seconds]", "3600"),
            "400 invalid_request_error expires_after.anchor missing_required_parameter",
            ""),
        Arguments.of(
            "expiry too short",
            form()
                .text("purpose", "batch")
                .file("a", LINES)
                .text("expires_after[anchor]", "created_at")
                .text("expires_after[seconds]", "3599"),
            "400 invalid_request_error expires_after.seconds integer_below_min_value",
            ""),
        Arguments.of(
            "expiry is no number",
            form()
                .text("purpose", "batch")
                .file("a", LINES)
                .text("expires_after[anchor]", "created_at")
                .text("expires_after[seconds]", "x"),
            "400 invalid_request_error expires_after.seconds invalid_type",
            ""),
        Arguments.of(
            "a huge field",
            form().text("purpose", "x".repeat(5000)).file("a", LINES),
            "400 invalid_request_error purpose invalid_value",
            "too long"));
  }

  private static long rows(String table) {
    return api.jdbc().sql("SELECT count(*) FROM " + table).query(Long.class).single();
  }

  @Test
  void a_file_of_the_largest_size_is_taken() {
    byte[] largest = new byte[TestApi.UPLOAD_BYTES_MAX];
    Answer answer = api.upload(form().file("zeros", largest).text("purpose", "fine-tune"));
    assertThat(answer.at("/bytes")).isEqualTo(Integer.toString(largest.length));
    assertThat(api.get("/v1/files/" + answer.at("/id") + "/content").bytes()).isEqualTo(largest);
    assertThat(rows("file_part")).isGreaterThan(2);
  }

  @Test
  void far_too_large_a_file_is_refused_before_it_is_sent() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.port())) {
      socket.getOutputStream().write(rawUpload("99999999999", "--b|").getBytes(UTF_8));
      String answer = new String(socket.getInputStream().readNBytes(300), UTF_8);
      assertThat(answer).startsWith("HTTP/1.1 400").contains("File is too large.");
    }
  }

  private static String rawUpload(String length, String body) {
    String head = "POST /v1/files HTTP/1.1|Host: x|Content-Type: multipart/form-data; boundary=b|";
    return (head + "Content-Length: " + length + "||" + body).replace("|", "\r\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", "multipart/form-data", "text/plain"})
  void what_is_no_form_is_refused(String type) {
    Answer answer =
        api.send(
            api.request("/v1/files")
                .header("Content-Type", type)
                .POST(HttpRequest.BodyPublishers.ofString("{}")));
    assertThat(answer.error()).isEqualTo("400 invalid_request_error - -");
    assertThat(answer.message()).contains("multipart/form-data");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "junk",
        "--b\r\n",
        "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc"
      })
  void a_broken_form_is_refused(String body) {
    Answer answer =
        api.send(
            api.request("/v1/files")
                .header("Content-Type", "multipart/form-data; boundary=b")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.at("/error/type")).isEqualTo("invalid_request_error");
    assertThat(rows("file")).isZero();
  }

  @Test
  void a_client_that_goes_away_leaves_nothing() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.port())) {
      socket
          .getOutputStream()
          .write(
              rawUpload("1000000", "--b|Content-Disposition: form-data; name=\"file\"||{")
                  .getBytes(UTF_8));
      socket.getOutputStream().flush();
      TestApi.await(() -> rows("file"), rows -> rows == 1);
      assertThat(api.get("/v1/files").json().path("data").size()).isZero();
    }
    TestApi.await(() -> rows("file"), rows -> rows == 0);
  }

  @Test
  void an_empty_file_is_taken() {
    Answer answer = api.upload(form().text("purpose", "batch").file("empty.jsonl", new byte[0]));
    assertThat(answer.at("/bytes")).isEqualTo("0");
    Answer content = api.get("/v1/files/" + answer.at("/id") + "/content");
    assertThat(content.status()).isEqualTo(200);
    assertThat(content.bytes()).isEmpty();
    assertThat(content.header("Content-Length")).isEqualTo("0");
  }

  @Test
  void the_bytes_are_kept_as_they_came() {
    byte[] odd = ("\uFEFF" + line("a") + "\r\n\r\n  \n" + line("b")).getBytes(UTF_8);
    Answer answer = api.upload(form().text("purpose", "batch").file("odd.jsonl", odd));
    assertThat(api.get("/v1/files/" + answer.at("/id") + "/content").bytes()).isEqualTo(odd);
  }

  @Test
  void a_large_answer_streams() throws IOException {
    String many = (line("x") + "\n").repeat(12_000);
    String file = api.fileOf(many);
    try (InputStream content =
        new ByteArrayInputStream(api.get("/files/" + file + "/content/").bytes())) {
      assertThat(new String(content.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(many);
    }
  }
}
