package dev.stoker.simulation;

import static dev.stoker.simulation.Ledger.require;

import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.RequestBuilder;
import org.springframework.test.web.servlet.request.MockMvcRequestBuilders;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Uploads, creates, looks, perhaps cancels, downloads and deletes, and knows what it must get. It
 * asks again as OpenAI's SDKs do, but never gives up.
 */
final class SimulatedClient {
  private static final String BOUNDARY = "boundary";
  private static final JsonMapper JSON = new JsonMapper();

  private record Answer(int status, byte[] body) {
    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    JsonNode json() {
      return JSON.readTree(body);
    }

    boolean ok() {
      return status == 200;
    }
  }

  private final World world;
  private final MockMvc http;
  private final Supplier<Optional<SimulatedServer>> servers;
  private final String name;
  private final Size size;
  private final RandomGenerator random;
  private boolean finished;

  /**
   * @param servers names one of those that live
   */
  SimulatedClient(
      World world,
      MockMvc http,
      Supplier<Optional<SimulatedServer>> servers,
      String name,
      Size size) {
    this.world = world;
    this.http = http;
    this.servers = servers;
    this.name = name;
    this.size = size;
    this.random = world.random();
  }

  /** Whether it has got all that it asked for. */
  boolean finished() {
    return finished;
  }

  void start() {
    SimulatedProcess process = new SimulatedProcess(name, () -> {});
    world.scheduler().start(process, "client", this::run);
  }

  private void run() {
    sleep(0, 5_000);
    for (int i = 0; i < size.batches(); i++) {
      oneBatch(name + "." + i + ".");
    }
    finished = true;
  }

  private void oneBatch(String prefix) {
    List<Line> lines = lines(prefix);
    boolean twice = random.nextInt(12) == 0;
    String file = upload(lines, twice);
    String window = random.nextInt(5) == 0 ? "1m" : "24h";
    String id = create(file, window);
    boolean cancels = random.nextInt(5) == 0;
    int looksBefore = cancels ? random.nextInt(4) : Integer.MAX_VALUE;
    boolean cancelled = false;
    int seen = 0;
    JsonNode batch = get(id);
    for (int look = 0; !ended(batch); look++) {
      if (look == looksBefore) {
        cancelled = cancel(id);
      }
      if (random.nextInt(6) == 0) {
        deleteInput(file, id);
      }
      sleep(500, 6_000);
      batch = get(id);
      int done = done(batch);
      require(done >= seen, "%s counts %s finished lines, and %s before", id, done, seen);
      seen = done;
    }
    String status = batch.path("status").asString();
    require(!cancelled || status.equals("cancelled"), "%s was cancelled and is %s", id, status);
    require(cancels || !status.equals("cancelled"), "%s is %s, for which nobody asked", id, status);
    if (twice) {
      require(status.matches("failed|cancelled"), "%s has a custom_id twice and is %s", id, status);
    } else if (!(status.equals("cancelled")
        && batch.path("request_counts").path("total").asInt() == 0)) {
      verify(batch, status, window, lines);
    }
    finishOff(batch, file);
  }

  private List<Line> lines(String prefix) {
    int number =
        random.nextInt(80) == 0 ? random.nextInt(257, 300) : random.nextInt(1, size.lines() + 1);
    boolean twoModels = random.nextBoolean();
    boolean poison = random.nextInt(7) == 0;
    int poisoned = random.nextInt(number);
    List<Line> lines = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      Line.Kind kind =
          switch (random.nextInt(12)) {
            case 0 -> Line.Kind.BAD;
            case 1 -> Line.Kind.FLAKY;
            default -> Line.Kind.SOUND;
          };
      String model = World.MODELS.get(twoModels ? random.nextInt(2) : 0);
      lines.add(new Line(prefix + i, model, poison && i == poisoned ? Line.Kind.POISON : kind));
    }
    return lines;
  }

  private String upload(List<Line> lines, boolean twice) {
    String jsonl = lines.stream().map(Line::json).collect(Collectors.joining("\n"));
    String body =
        part("name=\"purpose\"", "batch")
            + part(
                "name=\"file\"; filename=\"in.jsonl\"",
                twice ? jsonl + "\n" + lines.getFirst().json() : jsonl)
            + "--"
            + BOUNDARY
            + "--\r\n";
    Answer answer =
        ask(
            "uploads",
            _ ->
                MockMvcRequestBuilders.post("/v1/files")
                    .contentType("multipart/form-data; boundary=" + BOUNDARY)
                    .content(body.getBytes(StandardCharsets.UTF_8)));
    require(answer.ok(), "an upload was refused: %s", answer.text());
    return answer.json().path("id").asString();
  }

  private static String part(String disposition, String content) {
    return "--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n"
        .formatted(BOUNDARY, disposition, content);
  }

  private String create(String file, String window) {
    String body =
        """
        {"input_file_id":"%s","endpoint":"%s","completion_window":"%s"}"""
            .formatted(file, World.ENDPOINT, window);
    Answer answer =
        ask(
            "creates",
            tries ->
                MockMvcRequestBuilders.post("/v1/batches")
                    .header("X-Stainless-Retry-Count", Integer.toString(tries))
                    .content(body));
    require(answer.ok(), "a batch was refused: %s", answer.text());
    String id = answer.json().path("id").asString();
    world.ledger().accepted(BatchId.parse(id).orElseThrow().value());
    world.scheduler().say(name + " was told of " + id);
    return id;
  }

  private JsonNode get(String id) {
    Answer answer = ask("looks", _ -> MockMvcRequestBuilders.get("/v1/batches/" + id));
    require(answer.ok(), "the batch %s is not to be found: %s", id, answer.text());
    return answer.json();
  }

  /** Whether it was told that the batch will end as cancelled. */
  private boolean cancel(String id) {
    Answer answer =
        ask("cancels", _ -> MockMvcRequestBuilders.post("/v1/batches/" + id + "/cancel"));
    return answer.ok() && answer.json().path("status").asString().startsWith("cancel");
  }

  private void deleteInput(String file, String id) {
    Answer answer = ask("deletes", _ -> MockMvcRequestBuilders.delete("/v1/files/" + file));
    if (answer.ok()) {
      require(ended(get(id)), "the input of %s, which runs, could be deleted", id);
    }
  }

  private static boolean ended(JsonNode batch) {
    return BatchStatus.ofWireName(batch.path("status").asString()).ended();
  }

  private static int done(JsonNode batch) {
    JsonNode counts = batch.path("request_counts");
    return counts.path("completed").asInt() + counts.path("failed").asInt();
  }

  private void verify(JsonNode batch, String status, String window, List<Line> lines) {
    String id = batch.path("id").asString();
    require(status.matches("completed|expired|cancelled"), "%s ended as %s: %s", id, status, batch);
    require(!status.equals("expired") || window.equals("1m") || jumped(), "%s expired", id);
    Map<String, JsonNode> answered = download(batch.path("output_file_id"));
    Map<String, JsonNode> refused = download(batch.path("error_file_id"));
    require(
        answered.size() + refused.size() == lines.size(),
        "%s has %s answers and %s errors for %s lines",
        id,
        answered.size(),
        refused.size(),
        lines.size());
    for (Line line : lines) {
      JsonNode answer = answered.get(line.name());
      JsonNode error = refused.get(line.name());
      require((answer == null) != (error == null), "%s is not there once", line.name());
      if (answer != null) {
        String text = answer.path("response").path("body").path("text").asString("");
        require(
            text.equals(line.name())
                && (line.kind() == Line.Kind.SOUND || line.kind() == Line.Kind.FLAKY),
            "%s has the answer %s",
            line,
            answer);
      } else {
        verifyError(line, status, error);
      }
    }
  }

  private boolean jumped() {
    return !world.clock().steadyFor(Duration.ofDays(1));
  }

  private void verifyError(Line line, String status, JsonNode error) {
    String code = error.path("error").path("code").asString("");
    boolean right =
        switch (code) {
          case "batch_cancelled" -> status.equals("cancelled");
          case "batch_expired" -> status.equals("expired");
          case "engine_crash" -> world.deaths().convicts(line.name());
          default ->
              line.kind() == Line.Kind.BAD
                  && error.path("response").path("status_code").asInt() == 400;
        };
    require(right, "%s of a batch that is %s has the error %s", line, status, error);
  }

  private Map<String, JsonNode> download(JsonNode file) {
    if (file.isNull()) {
      return Map.of();
    }
    String id = file.asString();
    Answer answer =
        ask("downloads", _ -> MockMvcRequestBuilders.get("/v1/files/" + id + "/content"));
    require(answer.ok(), "the file %s cannot be downloaded: %s", id, answer.text());
    Map<String, JsonNode> lines = new HashMap<>();
    for (String line : answer.text().lines().toList()) {
      JsonNode json = JSON.readTree(line);
      JsonNode other = lines.put(json.path("custom_id").asString(), json);
      require(other == null, "%s is there twice", json);
    }
    return lines;
  }

  /** Takes away what it needs no more, sometimes. */
  private void finishOff(JsonNode batch, String file) {
    if (random.nextInt(3) == 0) {
      ask("deletes", _ -> MockMvcRequestBuilders.delete("/v1/files/" + file));
    }
    JsonNode output = batch.path("output_file_id");
    if (!output.isNull() && random.nextInt(3) == 0) {
      world.ledger().mayBeSwept(BatchId.parse(batch.path("id").asString()).orElseThrow().value());
      ask("deletes", _ -> MockMvcRequestBuilders.delete("/v1/files/" + output.asString()));
    }
  }

  /** A request, made anew for each try. */
  @FunctionalInterface
  private interface Request {
    RequestBuilder of(int tries);
  }

  private Answer ask(String what, Request request) {
    for (int tries = 0; ; tries++) {
      RequestBuilder made = request.of(tries);
      Optional<Answer> answer = servers.get().flatMap(server -> ask(server, what, made));
      if (answer.isPresent() && answer.get().status() < 500) {
        return answer.get();
      }
      sleep(200, 2_000);
    }
  }

  private Optional<Answer> ask(SimulatedServer server, String what, RequestBuilder request) {
    world.scheduler().say(name + " " + what + " at " + server.process());
    try {
      MockHttpServletResponse response =
          server.serve(() -> http.perform(request).andReturn().getResponse());
      Answer answer = new Answer(response.getStatus(), response.getContentAsByteArray());
      world.scheduler().say(name + " gets " + answer.status());
      return Optional.of(answer);
    } catch (SimulatedServer.Lost e) {
      world.scheduler().say(name + " gets no answer");
      return Optional.empty();
    }
  }

  private void sleep(int fromMillis, int toMillis) {
    Task.current().orElseThrow().sleep(Duration.ofMillis(random.nextInt(fromMillis, toMillis)));
  }
}
