package dev.stoker.endtoend;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What a user's program does, by hand, over plain HTTP. */
final class Client {
  private static final Pattern CUSTOM_ID = Pattern.compile("\"custom_id\":\"([^\"]*)\"");
  private static final String BOUNDARY = "a-boundary-of-the-tests";

  private final URI base;
  private final HttpClient http = HttpClient.newHttpClient();

  Client(URI base) {
    this.base = base;
  }

  /** Uploads embedding requests with custom ids {@code r-1 …} and returns the file's id. */
  String upload(int lines) {
    String content =
        IntStream.rangeClosed(1, lines)
            .mapToObj(
                line ->
                    """
                    {"custom_id":"r-%d","method":"POST","url":"/v1/embeddings",\
                    "body":{"model":"all-minilm-l6-v2","input":"A sentence about the number %d."}}
                    """
                        .formatted(line, line))
            .collect(Collectors.joining());
    String body =
        "--%s\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
            + "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n\r\n%s\r\n"
            + "--%s--\r\n";
    HttpResponse<String> answer =
        send(
            HttpRequest.newBuilder(at("/v1/files"))
                .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                .POST(
                    BodyPublishers.ofString(
                        body.formatted(BOUNDARY, BOUNDARY, content, BOUNDARY))));
    return text(answer.body(), "id");
  }

  /** Asks for a batch; the answer may be a refusal. */
  HttpResponse<String> create(String file) {
    return send(
        HttpRequest.newBuilder(at("/v1/batches"))
            .header("Content-Type", "application/json")
            .POST(
                BodyPublishers.ofString(
                    """
                    {"input_file_id":"%s","endpoint":"/v1/embeddings","completion_window":"24h"}
                    """
                        .formatted(file))));
  }

  String batch(String id) {
    return get("/v1/batches/" + id).body();
  }

  HttpResponse<String> get(String path) {
    return send(HttpRequest.newBuilder(at(path)));
  }

  /** The custom ids of a result file's lines, in the file's order. */
  List<String> customIds(String file) {
    String content = get("/v1/files/" + file + "/content").body();
    return content.lines().map(line -> first(CUSTOM_ID, line)).toList();
  }

  /** The value of a text member that occurs once. */
  static String text(String json, String member) {
    return first(Pattern.compile("\"" + member + "\":\"([^\"]*)\""), json);
  }

  /** The value of a whole-number member that occurs once. */
  static int number(String json, String member) {
    return Integer.parseInt(first(Pattern.compile("\"" + member + "\":(\\d+)"), json));
  }

  static Collection<String> idsUpTo(int lines) {
    return IntStream.rangeClosed(1, lines).mapToObj(line -> "r-" + line).toList();
  }

  private URI at(String path) {
    return base.resolve(path);
  }

  private HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return http.send(
          request.timeout(Duration.ofSeconds(60)).build(),
          BodyHandlers.ofString(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new AssertionError("no answer from " + base, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  private static String first(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) {
      throw new AssertionError("no " + pattern + " in " + text);
    }
    return matcher.group(1);
  }
}
