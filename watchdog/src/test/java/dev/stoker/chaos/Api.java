package dev.stoker.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;

/** The public API. Everything of it may fail at any time, with an IOException. */
final class Api {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String BOUNDARY = "between-the-parts";

  private final URI root;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  Api(URI root) {
    this.root = root;
  }

  /** What was answered. */
  record Answer(int status, byte[] body) {
    JsonTree json() {
      return JsonTree.of(text());
    }

    String text() {
      return new String(body, UTF_8);
    }

    boolean ok() {
      return status == 200;
    }
  }

  Answer upload(byte[] file) throws IOException, InterruptedException {
    String head =
        "--%1$s\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--%1$s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"chaos.jsonl\"\r\n\r\n"
            .formatted(BOUNDARY);
    String tail = "\r\n--%s--\r\n".formatted(BOUNDARY);
    return send(
        HttpRequest.newBuilder(at("/v1/files"))
            .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
            .POST(
                BodyPublishers.ofByteArrays(
                    List.of(head.getBytes(UTF_8), file, tail.getBytes(UTF_8)))));
  }

  /**
   * @param tries how often the same was asked before, as OpenAI's clients tell it
   */
  Answer create(Submission submission, String file, int tries)
      throws IOException, InterruptedException {
    return send(
        HttpRequest.newBuilder(at("/v1/batches"))
            .header("Content-Type", "application/json")
            .header("X-Stainless-Retry-Count", Integer.toString(tries))
            .POST(
                BodyPublishers.ofString(
                    "{\"input_file_id\":\"%s\",\"endpoint\":\"%s\",\"completion_window\":\"24h\",\"metadata\":{\"chaos\":\"%s\"}}"
                        .formatted(file, submission.endpoint(), submission.tag()))));
  }

  Answer cancel(String batch) throws IOException, InterruptedException {
    return send(
        HttpRequest.newBuilder(at("/v1/batches/" + batch + "/cancel"))
            .POST(BodyPublishers.noBody()));
  }

  Answer batch(String id) throws IOException, InterruptedException {
    return get("/v1/batches/" + id);
  }

  /** The newest first. */
  Answer batches(String after) throws IOException, InterruptedException {
    return get("/v1/batches?limit=100" + (after.isEmpty() ? "" : "&after=" + after));
  }

  /** What ends before its end is an IOException. */
  Answer content(String file) throws IOException, InterruptedException {
    return get("/v1/files/" + file + "/content");
  }

  Answer get(String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(at(path)));
  }

  private URI at(String path) {
    return root.resolve(path);
  }

  private Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
    HttpResponse<byte[]> answer =
        http.send(request.timeout(PATIENCE).build(), BodyHandlers.ofByteArray());
    return new Answer(answer.statusCode(), answer.body());
  }
}
