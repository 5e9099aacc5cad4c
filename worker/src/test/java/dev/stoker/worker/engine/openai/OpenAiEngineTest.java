package dev.stoker.worker.engine.openai;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.engine.mock.MockAnswers;
import dev.stoker.engine.mock.MockEngine;
import dev.stoker.settings.Settings;
import dev.stoker.testing.Until;
import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineReply.Answered;
import dev.stoker.worker.engine.EngineReply.Lost;
import dev.stoker.worker.engine.EngineReply.TimedOut;
import dev.stoker.worker.engine.EngineReply.Unreachable;
import dev.stoker.worker.engine.EngineReply.Unusable;
import dev.stoker.worker.engine.EngineRequest;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.engine.TokenUsage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** Against the mock engine, over HTTP. */
class OpenAiEngineTest {
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Duration SOON = Duration.ofSeconds(3);

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final ExecutorService lines = Executors.newVirtualThreadPerTaskExecutor();

  @AfterEach
  void close() throws Exception {
    lines.shutdownNow();
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v1/chat/completions | {\"model\":\"mock\",\"messages\":[{\"role\":\"user\",\"content\":\"é\"}]}",
        "/v1/completions      | {\"model\": \"mock\", \"prompt\":\"a b c\", \"max_tokens\":3}",
        "/v1/embeddings       | {\"model\":\"mock\",\"input\":[\"a\",\"b\"]}",
        "/v1/responses        | {\"model\":\"mock\",\"input\":\"a\"}",
        "/v1/moderations      | {\"model\":\"mock\",\"input\":\"a\"}",
        "/v1/rerank           | {\"model\":\"mock\",\"query\":\"a\",\"documents\":[\"a\",\"b\"]}",
        "/v1/score            | {\"model\":\"mock\",\"text_1\":\"a\",\"text_2\":\"b\"}"
      })
  void request_and_answer_pass_byte_for_byte(String endpoint, String body) throws Exception {
    MockEngine mock = mock();
    OpenAiEngine engine = ready(mock, Map.of());
    byte[] bytes = body.getBytes(UTF_8);

    Answered answer = (Answered) engine.complete(request(endpoint, body), LONG);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo(MockAnswers.of(endpoint, bytes));
    assertThat(answer.usage()).isEqualTo(ReplyFacts.usage(answer.body()).orElseThrow());
    assertThat(mock.stats().requestsOf(endpoint, bytes)).isOne();
  }

  @Test
  void usage_is_read_from_the_answer() throws Exception {
    OpenAiEngine engine = ready(mock(), Map.of());

    Answered answer = (Answered) engine.complete(chat("count", 7), LONG);

    assertThat(answer.usage().output()).isEqualTo(7);
    assertThat(answer.usage().input()).isPositive();
  }

  @Test
  void the_server_is_asked_for_its_models() {
    OpenAiEngine engine = ready(mock("--models", "small,big"), Map.of());

    assertThat(engine.models()).containsExactly("small", "big");
    assertThat(engine.loadedModel()).isEqualTo("small,big");
  }

  @Test
  void a_server_that_calls_the_model_otherwise_gets_its_own_name_and_else_the_same_bytes()
      throws Exception {
    MockEngine mock = mock("--models", "meta/llama");
    OpenAiEngine engine =
        ready(
            mock, Map.of("STOKER_ENGINE_MODELS", "llama", "STOKER_ENGINE_SERVED_AS", "meta/llama"));
    byte[] served = "{ \"prompt\":\"a\" ,\"model\":  \"meta/llama\" }".getBytes(UTF_8);

    Answered answer =
        (Answered)
            engine.complete(
                new EngineRequest(
                    "/v1/completions",
                    "llama",
                    "{ \"prompt\":\"a\" ,\"model\":  \"llama\" }".getBytes(UTF_8)),
                LONG);

    assertThat(engine.models()).containsExactly("llama");
    assertThat(answer.body()).isEqualTo(MockAnswers.of("/v1/completions", served));
    assertThat(mock.stats().requestsOf("/v1/completions", served)).isOne();
  }

  @Test
  void a_model_that_the_server_does_not_know_is_an_answer() throws Exception {
    OpenAiEngine engine = ready(mock(), Map.of());

    Answered answer =
        (Answered)
            engine.complete(request("/v1/embeddings", "{\"model\":\"x\",\"input\":\"a\"}"), LONG);

    assertThat(answer.status()).isEqualTo(404);
    assertThat(new String(answer.body(), UTF_8)).contains("\"error\"");
    assertThat(engine.probe()).isEqualTo(EngineState.READY);
  }

  @Test
  void a_server_that_wants_another_key_is_down_and_its_lines_wait() throws Exception {
    MockEngine mock = mock("--key", "sesame");
    OpenAiEngine refused = ready(mock, Map.of("STOKER_ENGINE_KEY", "wrong"));
    OpenAiEngine admitted = ready(mock, Map.of("STOKER_ENGINE_KEY", "sesame"));

    EngineReply reply = refused.complete(chat("a", 1), LONG);

    assertThat(reply).isInstanceOf(Unreachable.class);
    assertThat(((Unreachable) reply).reason()).contains("401", "set STOKER_ENGINE_KEY");
    assertThat(refused.probe()).isEqualTo(EngineState.DOWN);
    assertThat(admitted.complete(chat("a", 1), LONG)).isInstanceOf(Answered.class);
  }

  @Test
  void a_busy_server_says_when_to_come_again() throws Exception {
    MockEngine mock = mock();
    OpenAiEngine engine = ready(mock, Map.of());
    mock.faults().retryAfter(Duration.ofSeconds(7)).busyFor(LONG);

    Answered busy = (Answered) engine.complete(chat("a", 1), LONG);
    assertThat(busy.status()).isEqualTo(429);
    assertThat(busy.retryAfter()).contains(Duration.ofSeconds(7));

    mock.faults().lift().retryAfter(Duration.ZERO).unavailableFor(LONG);
    Answered unavailable = (Answered) engine.complete(chat("a", 1), LONG);
    assertThat(unavailable.status()).isEqualTo(503);
    assertThat(unavailable.retryAfter()).isEmpty();
    assertThat(engine.probe()).isEqualTo(EngineState.READY);
  }

  @Test
  void an_error_of_the_server_is_an_answer() throws Exception {
    MockEngine mock = mock();
    OpenAiEngine engine = ready(mock, Map.of());
    mock.faults().failEvery(1);

    Answered answer = (Answered) engine.complete(chat("a", 1), LONG);

    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.usage()).isEqualTo(TokenUsage.NONE);
    assertThat(new String(answer.body(), UTF_8)).contains("\"error\"");
  }

  @ParameterizedTest
  @CsvSource({"reset_every", "truncate_every", "garble_every"})
  void half_an_answer_of_an_engine_that_lives_on_is_unusable(String fault) throws Exception {
    MockEngine mock = mock();
    OpenAiEngine engine = ready(mock, Map.of());
    mock.faults().set(Map.of(fault, "1"));

    assertThat(engine.complete(chat("a", 5), LONG)).isInstanceOf(Unusable.class);
    assertThat(engine.probe()).isEqualTo(EngineState.READY);

    mock.faults().lift();
    assertThat(engine.complete(chat("a", 5), LONG)).isInstanceOf(Answered.class);
  }

  @Test
  void an_answer_that_is_too_long_is_unusable() throws Exception {
    OpenAiEngine engine = ready(mock(), Map.of("STOKER_ENGINE_REPLY_BYTES_MAX", "1024"));

    EngineReply reply = engine.complete(chat("a", 5000), LONG);

    assertThat(reply).isInstanceOf(Unusable.class);
    assertThat(((Unusable) reply).reason()).contains("STOKER_ENGINE_REPLY_BYTES_MAX=1024");
  }

  @Test
  void an_engine_that_dies_loses_what_it_had_and_is_found_again() throws Exception {
    MockEngine mock = mock("--per-token", "1s");
    OpenAiEngine engine = ready(mock, Map.of());
    List<Future<EngineReply>> others = start(engine, 20);
    Until.within(SOON).holds(() -> mock.stats().running() == 20);
    mock.faults().crashOn("boom").backAfter(Duration.ofMillis(700));

    assertThat(engine.complete(chat("boom", 5), LONG)).isInstanceOf(Lost.class);
    for (Future<EngineReply> other : others) {
      assertThat(other.get()).isInstanceOf(Lost.class);
    }
    mock.faults().lift();
    Until.within(SOON).holds(() -> engine.probe() == EngineState.READY);
    assertThat(engine.complete(chat("a", 1), LONG)).isInstanceOf(Answered.class);
  }

  @Test
  void an_engine_that_is_away_never_had_the_request() throws Exception {
    MockEngine mock = mock();
    OpenAiEngine engine = ready(mock, Map.of());
    List<EngineState> changes = new ArrayList<>();
    engine.onChange(() -> changes.add(engine.probe()));
    mock.faults().awayFor(Duration.ofMillis(700));

    assertThat(engine.complete(chat("a", 1), LONG)).isInstanceOfAny(Unreachable.class, Lost.class);
    assertThat(engine.probe()).isEqualTo(EngineState.DOWN);
    assertThat(engine.complete(chat("a", 1), LONG)).isInstanceOf(Unreachable.class);
    Until.within(SOON).holds(() -> engine.probe() == EngineState.READY);
    assertThat(changes).containsExactly(EngineState.READY, EngineState.DOWN, EngineState.READY);
  }

  @Test
  void a_server_that_is_not_there_yet_is_waited_for() {
    OpenAiEngine engine = engine(mock("--load", "1s"), Map.of());

    Until.within(SOON).holds(() -> engine.probe() == EngineState.DOWN);
    Until.within(SOON).holds(() -> engine.probe() == EngineState.READY);
  }

  @Test
  void a_frozen_engine_costs_no_request_a_try_and_is_back_when_it_answers() throws Exception {
    MockEngine mock = mock();
    OpenAiEngine engine =
        ready(mock, Map.of("STOKER_ENGINE_DEADLINE_MIN", "100ms"), Duration.ofMillis(300));
    mock.faults().hang(true);

    EngineReply reply = engine.complete(chat("a", 1), Duration.ofMillis(100));

    assertThat(reply).isInstanceOf(Unreachable.class);
    assertThat(((Unreachable) reply).reason()).contains("frozen");
    assertThat(engine.probe()).isEqualTo(EngineState.DOWN);
    mock.faults().lift();
    Until.within(SOON).holds(() -> engine.probe() == EngineState.READY);
    assertThat(engine.complete(chat("a", 1), LONG)).isInstanceOf(Answered.class);
  }

  @Test
  void an_engine_that_works_long_on_one_request_is_not_frozen() throws Exception {
    MockEngine mock = mock("--per-token", "100ms", "--slots", "1");
    OpenAiEngine engine = ready(mock, Map.of(), Duration.ofMillis(250));

    EngineReply reply = engine.complete(chat("a", 20), LONG);

    assertThat(reply).isInstanceOf(Answered.class);
    assertThat(engine.probe()).isEqualTo(EngineState.READY);
  }

  @Test
  void a_request_that_takes_too_long_while_the_engine_works_has_timed_out() throws Exception {
    OpenAiEngine engine = ready(mock("--per-token", "20ms"), Map.of());

    EngineReply reply = engine.complete(chat("a", 10_000), Duration.ofMillis(300));

    assertThat(reply).isInstanceOf(TimedOut.class);
    assertThat(engine.probe()).isEqualTo(EngineState.READY);
  }

  @Test
  void a_worker_that_wants_its_thread_back_gets_it() throws Exception {
    MockEngine mock = mock("--per-token", "1s");
    OpenAiEngine engine = ready(mock, Map.of());
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Thread line =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    engine.complete(chat("a", 100), LONG);
                    interrupted.complete(false);
                  } catch (InterruptedException e) {
                    interrupted.complete(true);
                  }
                });
    Until.within(SOON).holds(() -> mock.stats().running() == 1);

    line.interrupt();

    assertThat(interrupted.get(10, TimeUnit.SECONDS)).isTrue();
    Until.within(SOON).holds(() -> mock.stats().running() == 0);
  }

  @Test
  void requests_in_flight_end_when_it_is_closed() throws Exception {
    MockEngine mock = mock("--per-token", "1s");
    OpenAiEngine engine = ready(mock, Map.of());
    List<Future<EngineReply>> requests = start(engine, 3);
    Until.within(SOON).holds(() -> mock.stats().running() == 3);

    engine.close();

    for (Future<EngineReply> request : requests) {
      assertThat(request.get()).isInstanceOf(Unreachable.class);
    }
  }

  @Test
  void it_finds_out_how_much_the_engine_takes_and_never_overfills_it()
      throws InterruptedException, ExecutionException {
    MockEngine mock = mock("--slots", "100", "--per-token", "5ms", "--first-token", "20ms");
    OpenAiEngine engine = ready(mock, Map.of());
    assertThat(engine.slots()).isEqualTo(32);
    assertThat(engine.slotsMax()).isEqualTo(1024);
    AtomicInteger done = new AtomicInteger();

    Runnable line =
        () -> {
          try {
            engine.complete(chat("a" + done.incrementAndGet(), 50), LONG);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    List<Future<?>> running = new ArrayList<>();
    while (done.get() < 2000) {
      running.removeIf(Future::isDone);
      while (running.size() < engine.slots()) {
        running.add(lines.submit(line));
      }
      running.getFirst().get();
    }

    assertThat(mock.stats().runningMax()).isEqualTo(100);
    assertThat(engine.slots()).isBetween(100, 200);
    assertThat(mock.stats().refused()).isZero();
  }

  private List<Future<EngineReply>> start(OpenAiEngine engine, int count) {
    List<Future<EngineReply>> started = new ArrayList<>();
    for (int line = 0; line < count; line++) {
      EngineRequest request = chat("line " + line, 100);
      started.add(lines.submit(() -> engine.complete(request, LONG)));
    }
    return started;
  }

  private MockEngine mock(String... options) {
    MockEngine mock = MockEngine.start(options);
    opened.add(mock);
    return mock;
  }

  private OpenAiEngine ready(MockEngine mock, Map<String, String> more) {
    return ready(mock, more, Duration.ofMinutes(1));
  }

  private OpenAiEngine ready(MockEngine mock, Map<String, String> more, Duration canaryAfter) {
    OpenAiEngine engine = engine(mock, more, canaryAfter);
    Until.within(SOON).holds(() -> engine.probe() == EngineState.READY);
    return engine;
  }

  private OpenAiEngine engine(MockEngine mock, Map<String, String> more) {
    return engine(mock, more, Duration.ofMinutes(1));
  }

  private OpenAiEngine engine(MockEngine mock, Map<String, String> more, Duration canaryAfter) {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("STOKER_ENGINE_URL", mock.uri().toString());
    Settings settings = new Settings(environment);
    OpenAiSettings read = OpenAiSettings.from(settings);
    settings.verify();
    OpenAiEngine engine =
        new OpenAiEngine(
            read,
            canaryAfter,
            () -> LoggerFactory.getLogger("server"),
            System::nanoTime,
            reason -> {
              throw new AssertionError(reason);
            });
    opened.add(engine);
    return engine;
  }

  private static EngineRequest chat(String text, int tokensMax) {
    return request(
        "/v1/chat/completions",
        "{\"model\":\"mock\",\"max_tokens\":%d,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
            .formatted(tokensMax, text));
  }

  private static EngineRequest request(String endpoint, String body) {
    return new EngineRequest(endpoint, "mock", body.getBytes(UTF_8));
  }
}
