import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stoker.engine.mock.MockAnswers;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Has the same requests answered by the same engine, through an ideal client and through Stoker, in
 * turn. Started by scripts/benchmark/engine-efficiency.sh.
 */
final class EngineEfficiency {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String ENDPOINT = "/v1/chat/completions";
  private static final Duration PATIENCE = Duration.ofMinutes(20);
  private static final long LOOK_MILLIS = 100;

  /** What was measured, in seconds, a value a round. */
  private enum Measure {
    IDEAL("ideal", "engine"),
    STOKER("stoker", "engine"),
    STOKER_WHOLE("stoker", "whole");

    private final String system;
    private final String step;

    Measure(String system, String step) {
      this.system = system;
      this.step = step;
    }
  }

  private final int slots;
  private final int lines;
  private final int rounds;
  private final URI engine;
  private final String api;
  private final Path workerPid;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Report report;

  private EngineEfficiency(String[] arguments) {
    this.slots = Integer.parseInt(arguments[0]);
    this.lines = Integer.parseInt(arguments[1]);
    this.rounds = Integer.parseInt(arguments[2]);
    this.engine = URI.create(arguments[3]);
    this.api = arguments[4];
    this.workerPid = Path.of(arguments[5]);
    this.report = Report.of("engine-efficiency").fact("slots", slots).fact("lines", lines);
  }

  public static void main(String[] arguments) throws Exception {
    EngineEfficiency benchmark = new EngineEfficiency(arguments);
    benchmark.run();
    benchmark.tell();
    System.exit(benchmark.report.exact() ? 0 : 1);
  }

  private void run() throws Exception {
    List<String> bodies = IntStream.range(0, lines).mapToObj(EngineEfficiency::body).toList();
    // Code is compiled before anything is measured.
    askAll(IntStream.range(lines, lines + 2 * slots).mapToObj(EngineEfficiency::body).toList());
    for (int round = 1; round <= rounds; round++) {
      ideal(bodies, round);
      if (!api.equals("ideal")) {
        stoker(bodies, round);
      }
    }
  }

  /** As long for each as the seed in its number says; the same in every run. */
  private static String body(int line) {
    return """
    {"model":"mock","messages":[{"role":"system","content":"You are a stoker. Keep the fire burning and answer briefly."},\
    {"role":"user","content":"Line %d of a benchmark: the engine is to have no pause, while the weather is lovely \
    and the coal is dry. What do you do next?"}],"max_tokens":256,"temperature":0}\
    """
        .formatted(line);
  }

  private void ideal(List<String> bodies, int round) throws Exception {
    resetEngine();
    double cpu = ownCpuSeconds();
    List<byte[]> answers = askAll(bodies);
    cpu = ownCpuSeconds() - cpu;
    for (int line = 0; line < lines; line++) {
      require(
          Arrays.equals(
              answers.get(line), MockAnswers.of(ENDPOINT, bodies.get(line).getBytes(UTF_8))),
          "line " + line + " was not answered as it must be");
    }
    note(Measure.IDEAL, engineSeconds());
    say(round, "ideal ", last(Measure.IDEAL), cpu);
  }

  /** The answers, in order, with a request in flight for each slot as long as there are any. */
  private List<byte[]> askAll(List<String> bodies) throws Exception {
    byte[][] answers = new byte[bodies.size()][];
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> clients = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int client = 0; client < slots; client++) {
        clients.add(
            threads.submit(
                () -> {
                  try (Connection connection = new Connection(engine)) {
                    int line;
                    while ((line = next.getAndIncrement()) < answers.length) {
                      answers[line] = connection.ask(bodies.get(line).getBytes(UTF_8));
                    }
                  }
                  return null;
                }));
      }
    }
    for (Future<?> client : clients) {
      client.get();
    }
    return Arrays.asList(answers);
  }

  /**
   * One connection that is kept. It costs as little as can be, and understands no server but the
   * mock.
   */
  private static final class Connection implements AutoCloseable {
    private static final Pattern LENGTH =
        Pattern.compile("\r\ncontent-length: *(\\d+)\r\n", Pattern.CASE_INSENSITIVE);

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    Connection(URI server) throws IOException {
      socket = new Socket(server.getHost(), server.getPort());
      socket.setTcpNoDelay(true);
      in = new BufferedInputStream(socket.getInputStream(), 8192);
      out = socket.getOutputStream();
    }

    byte[] ask(byte[] body) throws IOException {
      String head =
          "POST %s HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
              .formatted(ENDPOINT, body.length);
      byte[] request = Arrays.copyOf(head.getBytes(UTF_8), head.length() + body.length);
      System.arraycopy(body, 0, request, head.length(), body.length);
      out.write(request);
      Matcher length = LENGTH.matcher(head());
      if (!length.find()) {
        throw new IOException("an answer without a length");
      }
      return in.readNBytes(Integer.parseInt(length.group(1)));
    }

    /** The status line and the headers, with the empty line behind them. */
    private String head() throws IOException {
      StringBuilder head = new StringBuilder(256);
      while (head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
        int next = in.read();
        if (next < 0) {
          throw new IOException("no answer");
        }
        head.append((char) next);
      }
      return head.toString();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private void stoker(List<String> bodies, int round) throws Exception {
    String file = upload(bodies);
    resetEngine();
    double cpu = workerCpuSeconds();
    long begun = System.nanoTime();
    String batch =
        created(
            "{\"input_file_id\":\"%s\",\"endpoint\":\"%s\",\"completion_window\":\"24h\"}"
                .formatted(file, ENDPOINT));
    JsonNode ended = awaitEnd(batch);
    note(Measure.STOKER_WHOLE, (System.nanoTime() - begun) / 1e9);
    cpu = workerCpuSeconds() - cpu;
    note(Measure.STOKER, engineSeconds());
    say(round, "stoker", last(Measure.STOKER), cpu);
    System.out.printf(
        Locale.ROOT,
        "          %.1f %% of the ideal; %.2f s from its creation to its end%n",
        100 * last(Measure.IDEAL) / last(Measure.STOKER),
        last(Measure.STOKER_WHOLE));
    check(bodies, ended);
  }

  private void say(int round, String system, double engineSeconds, double cpuSeconds)
      throws Exception {
    JsonNode stats = stats();
    System.out.printf(
        Locale.ROOT,
        "%d slots, round %d of %d, %s: %.2f s, %.0f lines/s; %.1f %% of the slots' time used, at"
            + " most %d running and %d waiting, %d refused; %.2f s of processor time%n",
        slots,
        round,
        rounds,
        system,
        engineSeconds,
        lines / engineSeconds,
        100 * stats.path("slot_seconds").asDouble() / engineSeconds / slots,
        stats.path("running_max").asInt(),
        stats.path("waiting_max").asInt(),
        stats.path("refused").asInt(),
        cpuSeconds);
  }

  private String upload(List<String> bodies) throws IOException, InterruptedException {
    StringBuilder form =
        new StringBuilder(
            """
            --bench\r
            Content-Disposition: form-data; name="purpose"\r
            \r
            batch\r
            --bench\r
            Content-Disposition: form-data; name="file"; filename="bench.jsonl"\r
            \r
            """);
    for (int line = 0; line < bodies.size(); line++) {
      form.append(
          "{\"custom_id\":\"line-%d\",\"method\":\"POST\",\"url\":\"%s\",\"body\":%s}\n"
              .formatted(line, ENDPOINT, bodies.get(line)));
    }
    form.append("\r\n--bench--\r\n");
    return post("/files", "multipart/form-data; boundary=bench", form.toString())
        .path("id")
        .asString();
  }

  private String created(String order) throws IOException, InterruptedException {
    JsonNode batch = post("/batches", "application/json", order);
    if (!batch.path("id").isString()) {
      throw new IllegalStateException("no batch was created: " + batch);
    }
    return batch.path("id").asString();
  }

  private JsonNode awaitEnd(String batch) throws IOException, InterruptedException {
    long begun = System.nanoTime();
    JsonNode now = JSON.readTree(get(api + "/batches/" + batch));
    while (!List.of("completed", "failed", "expired", "cancelled")
        .contains(now.path("status").asString())) {
      if (System.nanoTime() - begun > PATIENCE.toNanos()) {
        throw new IllegalStateException("the batch does not end: " + now);
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      now = JSON.readTree(get(api + "/batches/" + batch));
    }
    return now;
  }

  /** Each line once, with the engine's very bytes as its body; and no request asked twice. */
  private void check(List<String> bodies, JsonNode batch) throws IOException, InterruptedException {
    require(
        batch.path("request_counts").path("completed").asInt() == lines,
        "not all lines were answered: " + batch);
    List<String> output =
        get(api + "/files/" + batch.path("output_file_id").asString() + "/content")
            .lines()
            .toList();
    require(output.size() == lines, "the output has " + output.size() + " lines");
    for (int line = 0; line < Math.min(lines, output.size()); line++) {
      String answer = new String(MockAnswers.of(ENDPOINT, bodies.get(line).getBytes(UTF_8)), UTF_8);
      require(
          output.get(line).contains("\"custom_id\":\"line-" + line + "\"")
              && output.get(line).contains("\"body\":" + answer + "}"),
          "line " + line + " is not as it must be: " + output.get(line));
    }
    JsonNode stats = stats();
    require(
        stats.path("requests").asInt() - stats.path("refused").asInt() == lines
            && stats.path("bodies").asInt() == lines,
        "the engine was asked more than once for a line: " + stats);
  }

  private void require(boolean holds, String otherwise) {
    if (!holds && report.exact()) {
      report.wrong(otherwise);
    }
  }

  private void resetEngine() throws IOException, InterruptedException {
    http.send(
        HttpRequest.newBuilder(engine.resolve("/mock/stats")).DELETE().build(),
        BodyHandlers.discarding());
  }

  private JsonNode stats() throws IOException, InterruptedException {
    return JSON.readTree(get(engine.resolve("/mock/stats").toString()));
  }

  private double engineSeconds() throws IOException, InterruptedException {
    return stats().path("busy_seconds").asDouble();
  }

  private static double ownCpuSeconds() {
    return cpuSeconds(ProcessHandle.current());
  }

  private double workerCpuSeconds() throws IOException {
    long pid = Long.parseLong(Files.readString(workerPid).split(" ", -1)[0]);
    return ProcessHandle.of(pid).map(EngineEfficiency::cpuSeconds).orElse(Double.NaN);
  }

  private static double cpuSeconds(ProcessHandle process) {
    return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1e9;
  }

  private JsonNode post(String path, String type, String body)
      throws IOException, InterruptedException {
    return JSON.readTree(
        http.send(
                HttpRequest.newBuilder(URI.create(api + path))
                    .header("Content-Type", type)
                    .POST(BodyPublishers.ofString(body))
                    .build(),
                BodyHandlers.ofString())
            .body());
  }

  private String get(String uri) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        http.send(HttpRequest.newBuilder(URI.create(uri)).build(), BodyHandlers.ofString());
    return answer.body();
  }

  private void note(Measure measure, double value) {
    report.note(measure.system, "seconds", measure.step, value);
  }

  private double last(Measure measure) {
    return report.last(measure.system, "seconds", measure.step);
  }

  private void tell() throws IOException {
    if (!api.equals("ideal")) {
      report.atLeast(
          "stoker",
          "of an ideal client's speed with %d slots".formatted(slots),
          1 / report.medianRatio("stoker", "ideal", "seconds", "engine"),
          slots < 1000 ? 0.97 : 0.95);
    }
    report.tell("ideal");
  }
}
