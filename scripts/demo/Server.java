import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The five calls of the OpenAI API that a batch needs. */
final class Server {
  static final JsonMapper JSON = new JsonMapper();

  private static final String BOUNDARY = "stoker-demo-boundary-b1946ac92492d2347c6235b4d2611184";
  private static final String HEALTH_HINT =
      "Look at /health and the logs, or start what is missing with scripts/start-all.sh.";

  private final URI baseUrl;
  private final String key;
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

  Server(URI baseUrl, String key) {
    this.baseUrl = baseUrl;
    this.key = key;
  }

  URI baseUrl() {
    return baseUrl;
  }

  /** Uploads a batch input; answers the id of the file. */
  String upload(Path file) throws IOException, InterruptedException {
    return post("/files", "multipart/form-data; boundary=" + BOUNDARY, form(file))
        .path("id")
        .asString();
  }

  String createBatch(String inputFileId, String endpoint) throws IOException, InterruptedException {
    Map<String, Object> body =
        Map.of(
            "input_file_id",
            inputFileId,
            "endpoint",
            endpoint,
            "completion_window",
            "24h",
            "metadata",
            Map.of("by", "scripts/demo.sh"));
    return post(
            "/batches", "application/json", BodyPublishers.ofString(JSON.writeValueAsString(body)))
        .path("id")
        .asString();
  }

  Batch batch(String id) throws IOException, InterruptedException {
    return Batch.of(answer(request("/batches/" + id).build()));
  }

  void download(String fileId, Path target) throws IOException, InterruptedException {
    HttpRequest request = request("/files/" + fileId + "/content").build();
    HttpResponse<Path> response = http.send(request, BodyHandlers.ofFile(target));
    if (response.statusCode() != 200) {
      throw new Failure(
          "Downloading " + fileId + " was answered with " + response.statusCode(), HEALTH_HINT);
    }
  }

  private static BodyPublisher form(Path file) throws FileNotFoundException {
    String head =
        """
        --%1$s\r
        Content-Disposition: form-data; name="purpose"\r
        \r
        batch\r
        --%1$s\r
        Content-Disposition: form-data; name="file"; filename="%2$s"\r
        Content-Type: application/octet-stream\r
        \r
        """
            .formatted(BOUNDARY, file.getFileName().toString().replace('"', '_'));
    return BodyPublishers.concat(
        BodyPublishers.ofString(head),
        BodyPublishers.ofFile(file),
        BodyPublishers.ofString("\r\n--" + BOUNDARY + "--\r\n"));
  }

  private JsonNode post(String path, String type, BodyPublisher body)
      throws IOException, InterruptedException {
    return answer(request(path).header("Content-Type", type).POST(body).build());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(baseUrl + path))
        .timeout(Duration.ofMinutes(10))
        .header("Authorization", "Bearer " + key);
  }

  private JsonNode answer(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
    if (response.statusCode() >= 500) {
      throw new Busy(refusal(request, response));
    }
    if (response.statusCode() != 200) {
      throw new Failure(
          refusal(request, response), "Correct the input, or read the message above.");
    }
    return JSON.readTree(response.body());
  }

  private static String refusal(HttpRequest request, HttpResponse<String> response) {
    return "%s %s was answered with %d: %s"
        .formatted(
            request.method(),
            request.uri().getPath(),
            response.statusCode(),
            message(response.body()));
  }

  private static String message(String body) {
    try {
      return JSON.readTree(body).path("error").path("message").asString(body);
    } catch (JacksonException e) {
      return body.isBlank() ? "(no body)" : body;
    }
  }

  /** The server cannot do it now: worth asking again. */
  static final class Busy extends IOException {
    private static final long serialVersionUID = 1;

    Busy(String message) {
      super(message);
    }
  }
}
