import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a user's program does with the Batch API. */
final class StokerClient {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String BOUNDARY = "bench";
  private static final String FORM_HEAD =
      "--%1$s\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--%1$s\r\n"
          + "Content-Disposition: form-data; name=\"file\"; filename=\"bench.jsonl\"\r\n\r\n";

  private static final int CHUNK_BYTES = 1 << 16;
  private static final Set<String> ENDS = Set.of("completed", "failed", "expired", "cancelled");
  private static final Duration PATIENCE = Duration.ofMinutes(20);

  private final HttpClient http;
  private final String baseUrl;

  StokerClient(String baseUrl) {
    this(baseUrl, HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build());
  }

  private StokerClient(String baseUrl, HttpClient http) {
    this.baseUrl = baseUrl;
    this.http = http;
  }

  /**
   * One that many threads may use at once, each on a connection that is kept. It has as many
   * threads as there are cores: hundreds would only contend with the server for them.
   */
  static StokerClient ofMany(String baseUrl) {
    return new StokerClient(
        baseUrl,
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build());
  }

  /** Uploads an input file; its id. */
  String upload(Path input) throws IOException, InterruptedException {
    BodyPublisher form =
        BodyPublishers.concat(
            BodyPublishers.ofString(FORM_HEAD.formatted(BOUNDARY)),
            BodyPublishers.ofFile(input),
            BodyPublishers.ofString("\r\n--" + BOUNDARY + "--\r\n"));
    return post("/files", "multipart/form-data; boundary=" + BOUNDARY, form).path("id").asString();
  }

  /** Creates a batch of embeddings; its id. */
  String create(String file) throws IOException, InterruptedException {
    return create(file, "/v1/embeddings").path("id").asString();
  }

  /** Creates a batch; it as it is then. */
  JsonNode create(String file, String endpoint) throws IOException, InterruptedException {
    String order =
        "{\"input_file_id\":\"%s\",\"endpoint\":\"%s\",\"completion_window\":\"24h\"}"
            .formatted(file, endpoint);
    return post("/batches", "application/json", BodyPublishers.ofString(order));
  }

  /** Asks again and again until the batch has ended; it as it is then. */
  JsonNode awaitEnd(String batch, Duration pause) throws IOException, InterruptedException {
    long begun = System.nanoTime();
    JsonNode now = batch(batch);
    while (!ENDS.contains(now.path("status").asString())) {
      if (System.nanoTime() - begun > PATIENCE.toNanos()) {
        throw new IllegalStateException("the batch does not end: " + now);
      }
      TimeUnit.NANOSECONDS.sleep(pause.toNanos());
      now = batch(batch);
    }
    return now;
  }

  /** A batch as it is now. */
  JsonNode batch(String batch) throws IOException, InterruptedException {
    return JSON.readTree(send(get("/batches/" + batch)));
  }

  void delete(String file) throws IOException, InterruptedException {
    send(HttpRequest.newBuilder(URI.create(baseUrl + "/files/" + file)).DELETE().build());
  }

  void download(String file, Path into) throws IOException, InterruptedException {
    HttpResponse<Path> answer =
        http.send(get("/files/" + file + "/content"), BodyHandlers.ofFile(into));
    if (answer.statusCode() != 200) {
      throw new IOException(answer.statusCode() + " " + Files.readString(into));
    }
  }

  /** Gets what is there and throws it away; how many bytes it was. */
  long discard(String path) throws IOException, InterruptedException {
    HttpResponse<InputStream> answer = http.send(get("/" + path), BodyHandlers.ofInputStream());
    if (answer.statusCode() != 200) {
      throw new IOException(answer.statusCode() + " to a request for " + path);
    }
    byte[] chunk = new byte[CHUNK_BYTES];
    long bytes = 0;
    try (InputStream in = answer.body()) {
      for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
        bytes += read;
      }
    }
    return bytes;
  }

  private JsonNode post(String path, String type, BodyPublisher body)
      throws IOException, InterruptedException {
    return JSON.readTree(
        send(
            HttpRequest.newBuilder(URI.create(baseUrl + path))
                .header("Content-Type", type)
                .POST(body)
                .build()));
  }

  private HttpRequest get(String path) {
    return HttpRequest.newBuilder(URI.create(baseUrl + path)).build();
  }

  private String send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        http.send(request, BodyHandlers.ofString(StandardCharsets.UTF_8));
    if (answer.statusCode() != 200) {
      throw new IOException(answer.statusCode() + " " + answer.body());
    }
    return answer.body();
  }
}
