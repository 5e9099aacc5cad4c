package dev.stoker.api;

import dev.stoker.batch.BatchEndTable;
import dev.stoker.batch.BatchId;
import dev.stoker.id.OrderedIds;
import dev.stoker.line.LineCheck;
import dev.stoker.line.LineVerdict;
import dev.stoker.line.RequestLine;
import dev.stoker.line.ResultLine;
import dev.stoker.loop.Loop;
import dev.stoker.model.ModelDefinition;
import dev.stoker.model.ModelEngine;
import dev.stoker.model.ModelTable;
import dev.stoker.queue.ClaimedShard;
import dev.stoker.queue.FinishedLine;
import dev.stoker.queue.Lease;
import dev.stoker.queue.ShardTable;
import dev.stoker.settings.Settings;
import dev.stoker.testing.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The whole server on a port and a database of its own, with small limits; one for all test
 * classes, its database emptied before each test. It also plays the worker: it beats, claims and
 * settles.
 */
public final class TestApi implements BeforeAllCallback, BeforeEachCallback {
  public static final int UPLOAD_BYTES_MAX = 3_000_000;
  public static final int LINE_BYTES_MAX = 65_536;
  public static final int LINES_MAX = 1000;

  public static final String MODEL = "m-1";
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final JsonMapper json = new JsonMapper();
  private final LineCheck check = new LineCheck();
  private Server server;

  /** What lives as long as the test run. */
  private static final class Server implements AutoCloseable {
    private final ExtensionContext root;
    private final TestDatabase database = new TestDatabase();
    private final ConfigurableApplicationContext context;
    private final HttpClient client =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    Server(ExtensionContext root) {
      this.root = root;
      database.beforeAll(root);
      context = another();
    }

    ConfigurableApplicationContext another() {
      Map<String, String> environment = new HashMap<>(database.environment());
      environment.put("STOKER_API_PORT", "0");
      environment.put("STOKER_LOG_DIR", logs().toString());
      environment.put("STOKER_UPLOAD_BYTES_MAX", Integer.toString(UPLOAD_BYTES_MAX));
      environment.put("STOKER_LINE_BYTES_MAX", Integer.toString(LINE_BYTES_MAX));
      environment.put("STOKER_BATCH_LINES_MAX", Integer.toString(LINES_MAX));
      return ApiServer.start(ApiSettings.from(new Settings(environment)));
    }

    private static Path logs() {
      try {
        return Files.createTempDirectory("stoker-test-logs-");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      client.close();
      context.close();
      database.afterAll(root);
    }
  }

  @Override
  public void beforeAll(ExtensionContext extension) {
    ExtensionContext root = extension.getRoot();
    server =
        root.getStore(ExtensionContext.Namespace.GLOBAL)
            .computeIfAbsent(Server.class, _ -> new Server(root), Server.class);
  }

  @Override
  public void beforeEach(ExtensionContext extension) {
    empty(extension);
    beat(Duration.ZERO);
  }

  /** The server's loops go on meanwhile, and now and then one of the two has to give way. */
  private void empty(ExtensionContext extension) {
    for (int deadlocks = 0; deadlocks < 10; deadlocks++) {
      try {
        server.database.beforeEach(extension);
        return;
      } catch (PessimisticLockingFailureException e) {
        // Once more.
      }
    }
    throw new AssertionError("the database cannot be emptied");
  }

  public int port() {
    return portOf(server.context);
  }

  private static int portOf(ConfigurableApplicationContext context) {
    return context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
  }

  /**
   * A batch that another api-server stores on the same database, and which dies before it does
   * anything more.
   */
  String batchOfDyingServer(String file) {
    try (ConfigurableApplicationContext dying = server.another()) {
      dying.getBean("intakeLoop", Loop.class).close();
      URI batches = URI.create("http://127.0.0.1:" + portOf(dying) + "/v1/batches");
      Answer answer =
          send(
              HttpRequest.newBuilder(batches)
                  .POST(HttpRequest.BodyPublishers.ofString(creation(file))));
      assertStored(answer);
      return answer.at("/id");
    }
  }

  private static void assertStored(Answer answer) {
    if (answer.status() != 200) {
      throw new AssertionError(answer.text());
    }
  }

  public String url(String path) {
    return "http://127.0.0.1:" + port() + path;
  }

  public JdbcClient jdbc() {
    return server.database.jdbc();
  }

  /** For tests that play another process. */
  public TransactionTemplate transactions() {
    return server.database.database().transactions();
  }

  /** A piece of the running server. */
  public <T> T bean(Class<T> type) {
    return server.context.getBean(type);
  }

  public Answer get(String path) {
    return send(request(path).GET());
  }

  public Answer delete(String path) {
    return send(request(path).DELETE());
  }

  public Answer post(String path, String body) {
    return send(request(path).POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  public Answer upload(Multipart form) {
    return send(
        request("/v1/files")
            .header("Content-Type", form.contentType())
            .POST(HttpRequest.BodyPublishers.ofByteArray(form.bytes())));
  }

  public HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url(path))).timeout(Duration.ofSeconds(60));
  }

  public Answer send(HttpRequest.Builder request) {
    try {
      HttpResponse<byte[]> response =
          server.client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      return new Answer(response);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** An answer, read as the test wishes. */
  public final class Answer {
    private final HttpResponse<byte[]> response;

    Answer(HttpResponse<byte[]> response) {
      this.response = response;
    }

    public int status() {
      return response.statusCode();
    }

    public byte[] bytes() {
      return response.body();
    }

    public String text() {
      return new String(response.body(), StandardCharsets.UTF_8);
    }

    public JsonNode json() {
      return json.readTree(response.body());
    }

    /** A member of the body as text; {@code "null"} if it is null. */
    public String at(String pointer) {
      return json().at(pointer).asString();
    }

    public String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    /** Status, type, param and code of an error, for a table. */
    public String error() {
      JsonNode error = json().path("error");
      return status()
          + " "
          + error.path("type").asString()
          + " "
          + (error.path("param").isNull() ? "-" : error.path("param").asString())
          + " "
          + (error.path("code").isNull() ? "-" : error.path("code").asString());
    }

    public String message() {
      return at("/error/message");
    }
  }

  /** An uploaded batch input. */
  public String file(String... lines) {
    return fileOf(String.join("\n", lines) + "\n");
  }

  public String fileOf(String content) {
    Answer answer =
        upload(
            new Multipart()
                .text("purpose", "batch")
                .file("in.jsonl", content.getBytes(StandardCharsets.UTF_8)));
    assertStored(answer);
    return answer.at("/id");
  }

  /** A valid line. */
  public static String line(String customId) {
    return line(customId, MODEL);
  }

  public static String line(String customId, String model) {
    return "{\"custom_id\":\""
        + customId
        + "\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{\"model\":\""
        + model
        + "\",\"input\":\"hello\"}}";
  }

  public static String creation(String file) {
    return "{\"input_file_id\":\""
        + file
        + "\",\"endpoint\":\"/v1/embeddings\",\"completion_window\":\"24h\"}";
  }

  /** A batch, as created. */
  public String batch(String file) {
    Answer answer = post("/v1/batches", creation(file));
    assertStored(answer);
    return answer.at("/id");
  }

  /** The worker beats. */
  public void beat(Duration age) {
    jdbc()
        .sql(
            """
            INSERT INTO worker_heartbeat (worker, incarnation, host, status, models, last_seen_at)
            VALUES ('host/0', 1, 'host', 'ready', :models, now() - :age_s * interval '1 second')
            ON CONFLICT (worker) DO UPDATE SET last_seen_at = EXCLUDED.last_seen_at
            """)
        .param("models", new String[] {MODEL, "m-2"})
        .param("age_s", age.toSeconds())
        .update();
  }

  /** A model, with the alias that its name and -alias make, could not be loaded. */
  public void quarantine(String model, String reason) {
    ModelTable models = new ModelTable(jdbc());
    models.register(List.of(definition(model)));
    models.failed(model, reason, 1);
  }

  /** What a worker's configuration may say of a model. */
  public static ModelDefinition definition(String model) {
    return new ModelDefinition(
        model,
        List.of(model + "-alias"),
        ModelEngine.LLAMA,
        "/models/" + model + ".gguf",
        Optional.of(5L << 30),
        Optional.of(8),
        Optional.of(4096),
        "digest");
  }

  /** There was never a worker. */
  public void noWorker() {
    jdbc().sql("DELETE FROM worker_heartbeat").update();
  }

  /** The worker runs everything that is queued; lines whose custom_id begins with bad fail. */
  public void work() {
    ShardTable shards = new ShardTable(jdbc());
    List<Lease> leases =
        shards.claim("host/0#1", List.of(MODEL, "m-2"), 1000, Duration.ofSeconds(30));
    List<FinishedLine> finished = new ArrayList<>();
    for (ClaimedShard shard : shards.read(leases)) {
      finished.addAll(run(shard));
    }
    if (!finished.isEmpty()) {
      shards.settle(finished);
    }
    leases.stream().map(lease -> lease.key().batch()).distinct().forEach(this::end);
  }

  private void end(BatchId batch) {
    new BatchEndTable(
            jdbc(),
            server.database.database().transactions(),
            new OrderedIds(InstantSource.system()))
        .end(batch);
  }

  private List<FinishedLine> run(ClaimedShard shard) {
    List<FinishedLine> finished = new ArrayList<>();
    String[] lines = new String(shard.content(), StandardCharsets.UTF_8).split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      byte[] bytes = lines[i].getBytes(StandardCharsets.UTF_8);
      int number = shard.firstLine() + i;
      if (!shard.done().contains(number)
          && check.check(bytes, 0, bytes.length) instanceof LineVerdict.Valid(RequestLine request)
          && request.model().equals(shard.model())) {
        finished.add(finish(shard.lease(), number, request));
      }
    }
    return finished;
  }

  private static FinishedLine finish(Lease lease, int line, RequestLine request) {
    boolean bad = request.customId().startsWith("bad");
    String reply =
        bad
            ? "{\"error\":{\"message\":\"no\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":null}}"
            : "{\"object\":\"list\",\"of\":" + request.customIdJson() + "}";
    byte[] body =
        ResultLine.answered(
            lease.key().batch(),
            line,
            request.customIdJson(),
            bad ? 400 : 200,
            reply.getBytes(StandardCharsets.UTF_8));
    return new FinishedLine(lease, line, !bad, body, 7, 1, bad ? 0 : 2, 0);
  }

  /** Waits until a batch has a status, and gives it. */
  public Answer await(String batch, String status) {
    return await(() -> get("/v1/batches/" + batch), answer -> answer.at("/status").equals(status));
  }

  /** Asks until the answer is right, for a bounded time. */
  public static <T> T await(Supplier<T> question, Predicate<T> right) {
    long start = System.nanoTime();
    T answer = question.get();
    while (!right.test(answer)) {
      if (System.nanoTime() - start > PATIENCE.toNanos()) {
        throw new AssertionError("still " + (answer instanceof Answer a ? a.text() : answer));
      }
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
      answer = question.get();
    }
    return answer;
  }
}
