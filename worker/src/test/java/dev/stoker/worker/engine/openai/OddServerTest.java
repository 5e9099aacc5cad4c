package dev.stoker.worker.engine.openai;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.stoker.settings.Settings;
import dev.stoker.testing.Until;
import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineReply.Answered;
import dev.stoker.worker.engine.EngineReply.Lost;
import dev.stoker.worker.engine.EngineReply.Unreachable;
import dev.stoker.worker.engine.EngineReply.Unusable;
import dev.stoker.worker.engine.EngineRequest;
import dev.stoker.worker.engine.EngineState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Against servers that answer as no good engine would, but as some do. */
class OddServerTest {
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Duration SOON = Duration.ofSeconds(3);
  private static final String OK = "{\"ok\":true}";
  private static final String MODELS = "{\"object\":\"list\",\"data\":[{\"id\":\"m\"}]}";

  private record Page(int status, String body) {}

  private final List<AutoCloseable> opened = new ArrayList<>();
  private volatile int health = 404;
  private final Queue<String> headers = new ConcurrentLinkedQueue<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @Test
  void an_error_page_comes_in_openais_envelope() throws Exception {
    OpenAiEngine engine = ready(body -> new Page(500, "<html>a \"bad\" day</html>"));

    Answered answer = (Answered) engine.complete(line("a"), LONG);

    assertThat(answer.status()).isEqualTo(500);
    assertThat(new String(answer.body(), UTF_8))
        .isEqualTo(
            "{\"error\":{\"message\":\"<html>a \\\"bad\\\" day</html>\","
                + "\"type\":\"server_error\",\"param\":null,\"code\":null}}");
  }

  /** As vLLM does for all that its core had when it died. */
  @Test
  void an_error_of_a_server_whose_core_has_died_makes_its_requests_suspects() throws Exception {
    OpenAiEngine engine =
        ready(
            body -> {
              health = 503;
              return new Page(500, "{\"error\":{\"message\":\"EngineCore encountered an issue\"}}");
            });

    assertThat(engine.complete(line("a"), LONG)).isInstanceOf(Lost.class);
    assertThat(engine.probe()).isEqualTo(EngineState.DOWN);
  }

  @Test
  void an_error_of_the_servers_own_kind_passes_as_it_is() throws Exception {
    OpenAiEngine engine = ready(body -> new Page(422, "{\"detail\" : []}"));

    Answered answer = (Answered) engine.complete(line("a"), LONG);

    assertThat(answer.status()).isEqualTo(422);
    assertThat(new String(answer.body(), UTF_8)).isEqualTo("{\"detail\" : []}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"<html>", "[1]", "data: {\"a\":1}\n\ndata: [DONE]\n\n", ""})
  void what_is_no_object_is_no_answer(String page) throws Exception {
    OpenAiEngine engine = ready(body -> new Page(200, page));

    assertThat(engine.complete(line("a"), LONG)).isInstanceOf(Unusable.class);
    assertThat(engine.probe()).isEqualTo(EngineState.READY);
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 401, 403})
  void a_server_that_turns_everybody_away_is_down_until_it_does_not(int status) throws Exception {
    AtomicInteger now = new AtomicInteger(status);
    OpenAiEngine engine = ready(body -> new Page(now.get(), OK));

    assertThat(engine.complete(line("a"), LONG)).isInstanceOf(Unreachable.class);
    assertThat(engine.probe()).isEqualTo(EngineState.DOWN);

    now.set(200);
    Until.within(SOON).holds(() -> engine.probe() == EngineState.READY);
    assertThat(engine.complete(line("a"), LONG)).isInstanceOf(Answered.class);
  }

  @Test
  void a_request_that_alone_is_forbidden_has_its_answer() throws Exception {
    OpenAiEngine engine =
        ready(body -> body.contains("naughty") ? new Page(403, "{}") : new Page(200, OK));

    Answered answer = (Answered) engine.complete(line("naughty"), LONG);

    assertThat(answer.status()).isEqualTo(403);
    assertThat(engine.probe()).isEqualTo(EngineState.READY);
  }

  @Test
  void a_router_without_any_engine_is_down_and_one_that_has_another_is_not() throws Exception {
    AtomicInteger others = new AtomicInteger(502);
    OpenAiEngine engine = ready(body -> new Page(body.contains("boom") ? 502 : others.get(), OK));

    assertThat(engine.complete(line("boom"), LONG)).isInstanceOf(Unreachable.class);
    assertThat(engine.probe()).isEqualTo(EngineState.DOWN);
    others.set(200);
    Until.within(SOON).holds(() -> engine.probe() == EngineState.READY);
    assertThat(engine.complete(line("boom"), LONG)).isInstanceOf(Lost.class);
    assertThat(engine.probe()).isEqualTo(EngineState.READY);
  }

  @Test
  void a_connection_that_the_server_has_closed_meanwhile_costs_the_request_nothing()
      throws Exception {
    AtomicInteger connections = new AtomicInteger();
    OpenAiEngine engine = engine(closingServer(connections), Map.of());
    Until.within(SOON).holds(() -> engine.probe() == EngineState.READY);

    for (int line = 0; line < 20; line++) {
      assertThat(engine.complete(line("a"), LONG)).isInstanceOf(Answered.class);
    }
    assertThat(connections.get()).isGreaterThan(10);
  }

  @Test
  void a_frozen_server_without_metrics_is_found_out_once_an_answer_is_overdue() throws Exception {
    OpenAiEngine engine =
        ready(
            body -> {
              throw new IllegalStateException("never answers");
            });

    EngineReply reply = engine.complete(line("a"), Duration.ofSeconds(1));

    assertThat(reply).isInstanceOf(Unreachable.class);
    assertThat(engine.probe()).isEqualTo(EngineState.DOWN);
  }

  @Test
  void every_request_has_the_configured_headers() throws Exception {
    OpenAiEngine engine = ready(body -> new Page(200, OK));

    engine.complete(line("a"), LONG);

    assertThat(headers).hasSizeGreaterThan(2).containsOnly("low Bearer sesame");
  }

  /** Answers as a function of the body; where that fails, never. */
  private OpenAiEngine ready(Function<String, Page> answers) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", exchange -> answer(exchange, answers));
    server.start();
    opened.add(() -> server.stop(0));
    OpenAiEngine engine =
        engine(
            server.getAddress().getPort(),
            Map.of("STOKER_ENGINE_KEY", "sesame", "STOKER_ENGINE_HEADERS", "X-Tier: low"));
    Until.within(SOON).holds(() -> engine.probe() == EngineState.READY);
    return engine;
  }

  private void answer(HttpExchange exchange, Function<String, Page> answers) throws IOException {
    headers.add(
        exchange.getRequestHeaders().getFirst("X-Tier")
            + " "
            + exchange.getRequestHeaders().getFirst("Authorization"));
    String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    Page page;
    try {
      page =
          switch (exchange.getRequestURI().getPath()) {
            case "/v1/models" -> new Page(200, MODELS);
            case "/health" -> new Page(health, "");
            case "/metrics" -> new Page(404, "");
            default -> answers.apply(body);
          };
    } catch (IllegalStateException e) {
      return;
    }
    byte[] bytes = page.body().getBytes(UTF_8);
    exchange.sendResponseHeaders(page.status(), bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  /** Closes each connection after an answer that promised to keep it. */
  private int closingServer(AtomicInteger connections) throws IOException {
    ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    opened.add(listening);
    Thread.ofVirtual()
        .start(
            () -> {
              while (!listening.isClosed()) {
                try (Socket socket = listening.accept()) {
                  connections.incrementAndGet();
                  answerOnce(socket);
                } catch (IOException e) {
                  LoggerFactory.getLogger("server").debug("a connection ended", e);
                }
              }
            });
    return listening.getLocalPort();
  }

  private static void answerOnce(Socket socket) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
    int length = 0;
    for (String header = in.readLine();
        header != null && !header.isEmpty();
        header = in.readLine()) {
      if (header.startsWith("Content-Length:")) {
        length = Integer.parseInt(header.substring(15).strip());
      }
    }
    for (int read = 0; read < length; read++) {
      in.read();
    }
    OutputStream out = socket.getOutputStream();
    out.write(
        ("HTTP/1.1 200 OK\r\nContent-Length: " + MODELS.length() + "\r\n\r\n" + MODELS)
            .getBytes(US_ASCII));
    out.flush();
  }

  private OpenAiEngine engine(int port, Map<String, String> more) {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("STOKER_ENGINE_URL", "http://127.0.0.1:" + port);
    Settings settings = new Settings(environment);
    OpenAiEngine engine =
        new OpenAiEngine(
            OpenAiSettings.from(settings),
            Duration.ofMillis(200),
            () -> LoggerFactory.getLogger("server"),
            System::nanoTime,
            reason -> {
              throw new AssertionError(reason);
            });
    settings.verify();
    opened.add(engine);
    return engine;
  }

  private static EngineRequest line(String prompt) {
    return new EngineRequest(
        "/v1/completions",
        "m",
        ("{\"model\":\"m\",\"prompt\":\"" + prompt + "\"}").getBytes(UTF_8));
  }
}
