package dev.stoker.engine.mock;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.settings.InvalidSettings;
import dev.stoker.testing.Until;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
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
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MockEngineTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final Until SOON = Until.within(Duration.ofSeconds(1));
  private static final Duration LONG = Duration.ofMinutes(10);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private MockEngine engine;

  @AfterEach
  void close() {
    http.shutdownNow();
    if (engine != null) {
      engine.close();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /v1/chat/completions | {"model":"mock","messages":[{"role":"user","content":"Grüße 🔥"}],"n":2}
          /v1/completions      | {"model":"mock","prompt":["a","b"],"max_tokens":3}
          /v1/responses        | {"model":"mock","input":"a","max_output_tokens":5}
          /v1/embeddings       | {"model":"mock","input":["a","b"],"encoding_format":"base64"}
          /v1/moderations      | {"model":"mock","input":["a","b"]}
          /v1/rerank           | {"model":"mock","query":"q","documents":["a","b","c"],"top_n":2}
          /v1/score            | {"model":"mock","text_1":"a","text_2":["b","c"]}
          """)
  void an_answer_is_what_can_be_computed_from_the_request(String endpoint, String body)
      throws Exception {
    engine = MockEngine.start();

    HttpResponse<byte[]> answer = post(endpoint, body).get();

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo(MockAnswers.of(endpoint, body.getBytes(UTF_8)));
  }

  @Test
  void who_has_no_slot_waits_and_who_finds_the_queue_full_is_sent_away() throws Exception {
    engine = MockEngine.start("--slots", "2", "--queue-max", "1");
    engine.faults().hang(true);
    List<CompletableFuture<HttpResponse<byte[]>>> taken = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      taken.add(post(CHAT, chat("text " + i)));
    }
    SOON.holds(() -> engine.stats().running() == 2 && engine.stats().waiting() == 1);

    HttpResponse<byte[]> refused = post(CHAT, chat("one too many")).get();

    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.headers().firstValue("Retry-After")).hasValue("1");
    assertThat(text(get("/metrics").get()))
        .contains("vllm:num_requests_running{engine=\"0\",model_name=\"mock\"} 2.0\n")
        .contains("vllm:num_requests_waiting{engine=\"0\",model_name=\"mock\"} 1.0\n");
    engine.faults().lift();
    for (CompletableFuture<HttpResponse<byte[]>> request : taken) {
      assertThat(request.get().statusCode()).isEqualTo(200);
    }
    assertThat(engine.stats().requests()).isEqualTo(4);
    assertThat(engine.stats().answered()).isEqualTo(3);
    assertThat(engine.stats().refused()).isEqualTo(1);
    assertThat(engine.stats().runningMax()).isEqualTo(2);
    assertThat(engine.stats().waitingMax()).isEqualTo(1);
  }

  @Test
  void a_hanging_engine_says_that_it_is_well_and_answers_when_it_has_come_to() throws Exception {
    engine = MockEngine.start();
    engine.faults().hang(true);

    CompletableFuture<HttpResponse<byte[]>> stuck = post(CHAT, chat("stuck"));
    SOON.holds(() -> engine.stats().running() == 1);

    assertThat(get("/health").get().statusCode()).isEqualTo(200);
    assertThat(text(get("/v1/models").get())).contains("\"id\":\"mock\"");
    assertThat(stuck).isNotDone();
    engine.faults().hang(false);
    assertThat(stuck.get().statusCode()).isEqualTo(200);
  }

  @Test
  void tokens_are_counted_while_they_are_made_and_stand_still_while_it_hangs() throws Exception {
    engine =
        MockEngine.start("--first-token", "1ms", "--per-token", "1ms", "--tokens-max", "1000000");
    CompletableFuture<HttpResponse<byte[]>> request =
        post(CHAT, "{\"model\":\"mock\",\"max_tokens\":1000000,\"ignore_eos\":true}");
    SOON.holds(() -> generatedTokens() > 0);
    long then = generatedTokens();
    SOON.holds(() -> generatedTokens() > then);

    engine.faults().hang(true);

    assertThat(generatedTokens()).isEqualTo(generatedTokens());
    assertThat(request).isNotDone();
  }

  private long generatedTokens() throws Exception {
    String page = text(get("/metrics").get());
    return (long)
        Double.parseDouble(
            page.replaceFirst("(?s).*\nvllm:generation_tokens_total\\{[^}]*} (\\S+).*", "$1"));
  }

  @Test
  void a_thousand_connections_stay_open_for_the_next_request() throws Exception {
    engine = MockEngine.start("--slots", "1000");
    for (int round = 0; round < 2; round++) {
      engine.faults().hang(true);
      List<CompletableFuture<HttpResponse<byte[]>>> requests = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        requests.add(post(CHAT, chat("text " + i)));
      }
      SOON.holds(() -> engine.stats().running() == 1000);
      engine.faults().lift();
      for (CompletableFuture<HttpResponse<byte[]>> request : requests) {
        assertThat(request.get().statusCode()).isEqualTo(200);
      }
    }

    assertThat(engine.stats().runningMax()).isEqualTo(1000);
    assertThat(engine.stats().connectionsMax()).isEqualTo(1000);
  }

  @Test
  void a_request_whose_client_has_gone_frees_its_slot() throws Exception {
    engine = MockEngine.start("--slots", "1", "--first-token", "1h");
    CompletableFuture<HttpResponse<byte[]>> first = post(CHAT, chat("first"));
    SOON.holds(() -> engine.stats().running() == 1);
    CompletableFuture<HttpResponse<byte[]>> second = post(CHAT, chat("second"));
    SOON.holds(() -> engine.stats().waiting() == 1);

    first.cancel(true);

    SOON.holds(() -> engine.stats().waiting() == 0);
    assertThat(engine.stats().running()).isEqualTo(1);
    assertThat(engine.stats().cancelled()).isEqualTo(1);
    assertThat(second).isNotDone();
  }

  @Test
  void a_storm_of_429_asks_for_patience_and_passes() throws Exception {
    engine = MockEngine.start();

    engine.faults().retryAfter(Duration.ofSeconds(7)).busyFor(LONG);
    HttpResponse<byte[]> refused = post(CHAT, chat("refused")).get();
    engine.faults().busyFor(Duration.ZERO);

    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.headers().firstValue("Retry-After")).hasValue("7");
    assertThat(post(CHAT, chat("taken")).get().statusCode()).isEqualTo(200);
  }

  @Test
  void an_engine_out_of_service_says_503_while_its_health_is_green() throws Exception {
    engine = MockEngine.start();

    engine.faults().unavailableFor(LONG);

    assertThat(post(CHAT, chat("refused")).get().statusCode()).isEqualTo(503);
    assertThat(get("/health").get().statusCode()).isEqualTo(200);
  }

  @Test
  void every_third_request_fails_if_asked_for() throws Exception {
    engine = MockEngine.start();
    engine.faults().failEvery(3);

    List<Integer> statuses = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      statuses.add(post(CHAT, chat("text " + i)).get().statusCode());
    }

    assertThat(statuses).containsExactly(200, 200, 500, 200, 200, 500);
    assertThat(engine.stats().answered()).isEqualTo(4);
  }

  @Test
  void faults_may_be_there_from_the_start() throws Exception {
    engine = MockEngine.start("--faults", "fail_every=2,crash_on=poison");

    assertThat(post(CHAT, chat("first")).get().statusCode()).isEqualTo(200);
    assertThat(post(CHAT, chat("second")).get().statusCode()).isEqualTo(500);
    assertThatThrownBy(() -> post(CHAT, chat("poison")).get())
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void a_reset_leaves_no_answer_at_all() {
    engine = MockEngine.start();
    engine.faults().resetEvery(1);

    assertThatThrownBy(() -> post(CHAT, chat("reset")).get())
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void a_truncated_answer_ends_in_its_middle() {
    engine = MockEngine.start();
    engine.faults().truncateEvery(1);

    assertThatThrownBy(() -> post(CHAT, chat("truncated")).get())
        .isInstanceOf(ExecutionException.class)
        .rootCause()
        .hasMessageContaining("EOF");
  }

  @Test
  void a_garbled_answer_is_half_of_one_with_a_length_that_fits() throws Exception {
    engine = MockEngine.start();
    engine.faults().garbleEvery(1);
    byte[] whole = MockAnswers.of(CHAT, chat("garbled").getBytes(UTF_8));

    HttpResponse<byte[]> answer = post(CHAT, chat("garbled")).get();

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).hasSize(whole.length / 2);
    assertThat(whole).startsWith(answer.body());
  }

  @Test
  void a_slow_engine_stays_slow_until_it_is_told_otherwise() throws Exception {
    engine = MockEngine.start("--first-token", "10ms");
    engine.faults().slowBy(100_000);
    CompletableFuture<HttpResponse<byte[]>> slow = post(CHAT, chat("slow"));
    SOON.holds(() -> engine.stats().running() == 1);

    engine.faults().slowBy(1);

    assertThat(slow.get().statusCode()).isEqualTo(200);
    assertThat(engine.stats().slotSeconds()).isEqualTo(0.01);
  }

  @Test
  void an_engine_that_is_away_refuses_connections_and_comes_back_to_the_same_port()
      throws Exception {
    engine = MockEngine.start("--first-token", "1h");
    CompletableFuture<HttpResponse<byte[]>> lost = post(CHAT, chat("lost"));
    SOON.holds(() -> engine.stats().running() == 1);

    engine.faults().awayFor(Duration.ofMillis(500));

    assertThatThrownBy(lost::get).hasCauseInstanceOf(IOException.class);
    assertThatThrownBy(() -> get("/health").get()).hasCauseInstanceOf(ConnectException.class);
    SOON.holds(this::isHealthy);
    assertThat(engine.stats().running()).isZero();
  }

  @Test
  void a_marked_request_kills_it_every_time() throws Exception {
    engine = MockEngine.start();
    engine.faults().crashOn("poison").backAfter(Duration.ofMillis(50));

    for (int death = 1; death <= 2; death++) {
      assertThatThrownBy(() -> post(CHAT, chat("some poison")).get())
          .hasCauseInstanceOf(IOException.class);
      SOON.holds(this::isHealthy);
      assertThat(engine.stats().crashes()).isEqualTo(death);
    }
    assertThat(post(CHAT, chat("food")).get().statusCode()).isEqualTo(200);
  }

  @Test
  void it_is_not_healthy_while_it_loads() throws Exception {
    engine = MockEngine.start("--load", "300ms");

    assertThat(get("/health").get().statusCode()).isEqualTo(503);
    assertThat(post(CHAT, chat("too early")).get().statusCode()).isEqualTo(503);
    SOON.holds(this::isHealthy);
    assertThat(post(CHAT, chat("in time")).get().statusCode()).isEqualTo(200);
  }

  @Test
  void the_wrong_key_the_wrong_model_and_a_broken_body_are_refused() throws Exception {
    engine = MockEngine.start("--models", "a,b");

    assertThat(post(CHAT, "{\"model\":\"c\"}").get().statusCode()).isEqualTo(404);
    assertThat(post(CHAT, "{\"model\":\"a\"").get().statusCode()).isEqualTo(400);
    assertThat(post(CHAT, "{\"model\":\"b\"}").get().statusCode()).isEqualTo(200);
    engine.close();
    engine = MockEngine.start("--key", "secret");
    assertThat(post(CHAT, chat("no key")).get().statusCode()).isEqualTo(401);
  }

  @Test
  void faults_and_counters_are_there_over_http_too() throws Exception {
    engine = MockEngine.start();

    assertThat(post("/mock/faults", "{\"fail_every\":1}").get().statusCode()).isEqualTo(200);
    assertThat(post(CHAT, chat("failed")).get().statusCode()).isEqualTo(500);
    assertThat(post("/mock/faults", "{\"lift\":true}").get().statusCode()).isEqualTo(200);
    assertThat(post(CHAT, chat("failed")).get().statusCode()).isEqualTo(200);
    assertThat(post("/mock/faults", "{\"no_such\":1}").get().statusCode()).isEqualTo(400);

    assertThat(text(get("/mock/stats").get()))
        .contains("\"requests\":2,\"bodies\":1,\"requests_of_one_max\":2,\"answered\":1");
    assertThat(engine.stats().requestsOf(CHAT, chat("failed").getBytes(UTF_8))).isEqualTo(2);
    engine.resetStats();
    assertThat(engine.stats().requests()).isZero();
  }

  @Test
  void its_child_lives_in_a_session_of_its_own_until_it_is_closed() throws Exception {
    engine = MockEngine.start("--child", "true");
    Child child = child();
    ProcessHandle process = ProcessHandle.of(child.pid()).orElseThrow();

    assertThat(session(child.pid())).isEqualTo(child.pid());
    assertThatThrownBy(() -> hold(child.port())).isInstanceOf(IOException.class);
    engine.close();

    process.onExit().get(10, TimeUnit.SECONDS);
    hold(child.port());
  }

  @Test
  void an_engine_that_gives_nothing_back_leaves_its_child_behind() throws Exception {
    engine = MockEngine.start("--child", "true", "--leave-child", "true");
    Child child = child();
    ProcessHandle process = ProcessHandle.of(child.pid()).orElseThrow();
    try {
      engine.close();

      assertThatThrownBy(() -> hold(child.port())).isInstanceOf(IOException.class);
      assertThat(process.isAlive()).isTrue();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void an_option_that_does_not_exist_is_refused() {
    assertThatThrownBy(() -> MockSettings.of("--slot", "3"))
        .isInstanceOf(InvalidSettings.class)
        .hasMessageContaining("no option --slot");
    assertThatThrownBy(() -> MockSettings.of("--slots", "many"))
        .isInstanceOf(InvalidSettings.class)
        .hasMessageContaining("slots=many");
  }

  private record Child(long pid, int port) {}

  private Child child() throws Exception {
    String stats = text(get("/mock/stats").get());
    return new Child(
        Long.parseLong(stats.replaceFirst("(?s).*\"child_pid\":(\\d+).*", "$1")),
        Integer.parseInt(stats.replaceFirst("(?s).*\"child_port\":(\\d+).*", "$1")));
  }

  /** Field 6 of /proc/PID/stat. */
  private static long session(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[3]);
  }

  private static void hold(int port) throws IOException {
    new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
  }

  private static String chat(String text) {
    return "{\"model\":\"mock\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
  }

  private boolean isHealthy() throws InterruptedException {
    try {
      return get("/health").get().statusCode() == 200;
    } catch (ExecutionException e) {
      return false;
    }
  }

  private CompletableFuture<HttpResponse<byte[]>> get(String path) {
    return http.sendAsync(request(path).build(), BodyHandlers.ofByteArray());
  }

  private CompletableFuture<HttpResponse<byte[]>> post(String path, String body) {
    return http.sendAsync(
        request(path).POST(BodyPublishers.ofString(body)).build(), BodyHandlers.ofByteArray());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(engine.uri() + path)).timeout(Duration.ofMinutes(1));
  }

  private static String text(HttpResponse<byte[]> answer) {
    return new String(answer.body(), UTF_8);
  }
}
