package dev.stoker.worker.engine.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineRequest;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.engine.TokenUsage;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The engine around a model that computes nothing and can be held. */
@Timeout(60)
final class OnnxEngineTest {
  private static final String MODEL = "all-minilm-l6-v2";
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Semaphore BROKEN = new Semaphore(0);
  private static final OnnxSettings SETTINGS = settings(1);

  private final HeldModel model = new HeldModel();
  private final CountDownLatch loaded = new CountDownLatch(1);
  private final OnnxEngine engine =
      engine(
          () -> {
            loaded.await();
            return model;
          });

  @AfterEach
  void close() {
    loaded.countDown();
    model.release.countDown();
    engine.close();
  }

  @Test
  void a_request_that_comes_before_the_model_is_loaded_waits_for_it() throws Exception {
    assertThat(engine.probe()).isEqualTo(EngineState.STARTING);
    assertThat(engine.loadedModel()).isEmpty();
    model.release.countDown();

    var early = start(() -> complete("early"));
    loaded.countDown();

    assertThat(answered(early.get()).status()).isEqualTo(200);
    assertThat(engine.probe()).isEqualTo(EngineState.READY);
    assertThat(engine.loadedModel()).isEqualTo(MODEL);
  }

  @Test
  void a_request_waits_for_loading_no_longer_than_its_deadline() throws Exception {
    assertThat(engine.complete(request("early"), Duration.ZERO))
        .isInstanceOf(EngineReply.TimedOut.class);
  }

  @Test
  void a_model_that_cannot_be_loaded_takes_the_engine_down() throws Exception {
    try (var broken =
        engine(
            () -> {
              throw new UnsatisfiedLinkError("libonnxruntime.so");
            })) {
      assertThat(broken.complete(request("a"), LONG))
          .isInstanceOfSatisfying(
              EngineReply.Unreachable.class,
              reply -> assertThat(reply.reason()).contains("libonnxruntime.so"));
      assertThat(broken.probe()).isEqualTo(EngineState.DOWN);
      BROKEN.acquire(); // told, so that its process can end and another may try
      assertThat(broken.loadedModel()).isEmpty();
    }
  }

  @Test
  void vectors_come_in_the_order_of_the_inputs_with_the_tokens_that_were_run() throws Exception {
    loaded.countDown();
    model.release.countDown();
    var body = "{\"input\":[\"four\",\"a\",\"fives\",\"b\"]}";

    var reply =
        answered(engine.complete(new EngineRequest("/v1/embeddings", MODEL, bytes(body)), LONG));

    assertThat(reply.usage()).isEqualTo(TokenUsage.input(11));
    assertThat(reply.body())
        .asString(UTF_8)
        .isEqualTo(
            """
            {"object":"list","data":[\
            {"object":"embedding","index":0,"embedding":[102.0]},\
            {"object":"embedding","index":1,"embedding":[97.0]},\
            {"object":"embedding","index":2,"embedding":[102.0]},\
            {"object":"embedding","index":3,"embedding":[98.0]}],\
            "model":"all-minilm-l6-v2","usage":{"prompt_tokens":11,"total_tokens":11}}""");
    assertThat(model.batches)
        .containsExactlyInAnyOrder(List.of("four"), List.of("a", "b"), List.of("fives"));
  }

  @Test
  void texts_of_many_requests_run_with_others_of_their_length_only() throws Exception {
    loaded.countDown();
    var first = start(() -> complete("hold"));
    model.entered.await();
    var others =
        IntStream.range(0, 12)
            .mapToObj(i -> start(() -> complete(i % 2 == 0 ? "a" : "bb")))
            .toList();
    model.release.countDown();

    answered(first.get());
    for (var other : others) {
      answered(other.get());
    }

    assertThat(model.batches).allSatisfy(batch -> assertThat(batch).containsOnly(batch.getFirst()));
    assertThat(model.batches.stream().mapToInt(List::size).sum()).isEqualTo(13);
  }

  @Test
  void token_ids_are_run_as_they_are_up_to_the_limit() throws Exception {
    loaded.countDown();
    model.release.countDown();
    var body = "{\"input\":[" + "7,".repeat(300) + "8]}";

    var reply =
        answered(engine.complete(new EngineRequest("/v1/embeddings", MODEL, bytes(body)), LONG));

    assertThat(reply.usage()).isEqualTo(TokenUsage.input(256));
  }

  @Test
  void a_text_nobody_waits_for_any_longer_is_not_run() throws Exception {
    loaded.countDown();
    var first = start(() -> complete("hold"));
    model.entered.await();

    assertThat(engine.complete(request("late"), Duration.ZERO))
        .isInstanceOf(EngineReply.TimedOut.class);
    model.release.countDown();
    answered(first.get());
    answered(complete("last"));

    assertThat(model.batches).containsExactly(List.of("hold"), List.of("last"));
    assertThat(model.cut).containsExactly("hold", "last");
  }

  @Test
  void an_interrupted_caller_takes_its_text_along() throws Exception {
    loaded.countDown();
    var first = start(() -> complete("hold"));
    model.entered.await();

    var interrupted = new FutureTask<>(() -> complete("late"));
    Thread caller = Thread.startVirtualThread(interrupted);
    caller.interrupt();
    assertThatThrownBy(interrupted::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(InterruptedException.class);
    model.release.countDown();
    answered(first.get());
    answered(complete("last"));

    assertThat(model.batches).containsExactly(List.of("hold"), List.of("last"));
    assertThat(model.cut).containsExactly("hold", "last");
  }

  @Test
  void closing_ends_requests_at_once_and_the_model_after_its_last_call() throws Exception {
    loaded.countDown();
    var running = start(() -> complete("hold"));
    model.entered.await();
    var waiting = start(() -> complete("waiting"));

    Thread closing = Thread.startVirtualThread(engine::close);

    assertThat(running.get()).isInstanceOf(EngineReply.Unreachable.class);
    assertThat(waiting.get()).isInstanceOf(EngineReply.Unreachable.class);
    assertThat(model.closed.getCount()).isEqualTo(1);
    model.release.countDown();
    closing.join();
    assertThat(model.closed.getCount()).isZero();
    assertThat(engine.probe()).isEqualTo(EngineState.DOWN);
    assertThat(complete("after")).isInstanceOf(EngineReply.Unreachable.class);
  }

  @Test
  void a_model_that_is_loaded_after_the_end_is_closed() throws Exception {
    engine.close();
    loaded.countDown();

    model.closed.await();
    assertThat(engine.probe()).isEqualTo(EngineState.DOWN);
  }

  @Test
  void a_failing_run_is_a_server_error_and_the_next_request_is_served() throws Exception {
    loaded.countDown();
    model.release.countDown();

    assertThat(answered(complete("poison")))
        .satisfies(
            reply -> assertThat(reply.status()).isEqualTo(500),
            reply ->
                assertThat(reply.body()).asString(UTF_8).contains("server_error", "no memory"));
    assertThat(answered(complete("fine")).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions, all-minilm-l6-v2, 404, unsupported_endpoint",
  })
  void what_it_does_not_serve_is_refused_without_a_model(
      String endpoint, String name, int status, String mentioned) throws Exception {
    var reply = answered(engine.complete(new EngineRequest(endpoint, name, bytes("{}")), LONG));

    assertThat(reply.status()).isEqualTo(status);
    assertThat(reply.usage()).isEqualTo(TokenUsage.NONE);
    assertThat(reply.body()).asString(UTF_8).startsWith("{\"error\":{").contains(mentioned);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}                              | 'input' is missing",
        "{\"input\":[65536]}             | token ids from 0 to 65535",
        "{\"input\":\"a\",\"dimensions\":2} | 'dimensions' must be 1",
      })
  void what_the_model_cannot_do_is_refused(String body, String mentioned) throws Exception {
    loaded.countDown();

    var reply =
        answered(engine.complete(new EngineRequest("/v1/embeddings", MODEL, bytes(body)), LONG));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.body()).asString(UTF_8).startsWith("{\"error\":{").contains(mentioned);
  }

  /** Texts called b are cut only once something runs. */
  @Test
  void of_several_threads_one_runs_what_there_is_before_all_is_cut() throws Exception {
    String texts =
        Stream.of("a", "b", "b").map(text -> ("\"" + text + "\",").repeat(16)).collect(joining());
    byte[] body = bytes("{\"input\":[" + texts + "\"a\"]}");
    model.cutsOnceEntered = "b";
    try (var both = new OnnxEngine(settings(2), () -> 0, BROKEN::release, () -> model)) {
      var reply =
          start(() -> both.complete(new EngineRequest("/v1/embeddings", MODEL, body), LONG));
      model.entered.await();
      model.release.countDown();

      assertThat(answered(reply.get()).status()).isEqualTo(200);
    }
  }

  @Test
  void the_engine_says_what_it_serves() {
    assertThat(engine.models()).containsExactly(MODEL);
    assertThat(engine.slots()).isEqualTo(64);
  }

  private static OnnxSettings settings(int threads) {
    return new OnnxSettings(
        new ModelSettings(MODEL, Optional.empty(), Pooling.MEAN, Device.AUTO, Optional.empty()),
        threads,
        16,
        256,
        256,
        64);
  }

  private static OnnxEngine engine(Callable<SentenceModel> source) {
    return new OnnxEngine(SETTINGS, () -> 0, BROKEN::release, source);
  }

  private EngineReply complete(String text) throws InterruptedException {
    return engine.complete(request(text), LONG);
  }

  private static EngineRequest request(String text) {
    return new EngineRequest("/v1/embeddings", MODEL, bytes("{\"input\":\"" + text + "\"}"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static EngineReply.Answered answered(EngineReply reply) {
    assertThat(reply).isInstanceOf(EngineReply.Answered.class);
    return (EngineReply.Answered) reply;
  }

  private static FutureTask<EngineReply> start(Callable<EngineReply> call) {
    var task = new FutureTask<>(call);
    Thread.startVirtualThread(task);
    return task;
  }

  /** A character is a token, a text's vector is its first character; runs wait to be released. */
  private static final class HeldModel implements SentenceModel {
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Queue<String> cut = new ConcurrentLinkedQueue<>();
    private final Queue<List<String>> batches = new ConcurrentLinkedQueue<>();
    private volatile String cutsOnceEntered = "";

    @Override
    public String device() {
      return "none";
    }

    @Override
    public int vocabulary() {
      return 65_536;
    }

    @Override
    public int dimensions() {
      return 1;
    }

    @Override
    public long[] tokens(String text) {
      if (text.equals(cutsOnceEntered)) {
        await(entered);
      }
      cut.add(text);
      return text.chars().asLongStream().toArray();
    }

    @Override
    public List<float[]> vectors(List<long[]> texts) {
      entered.countDown();
      await(release);
      List<String> batch = texts.stream().map(HeldModel::text).toList();
      if (batch.contains("poison")) {
        throw new IllegalStateException("no memory");
      }
      batches.add(batch);
      return texts.stream().map(ids -> new float[] {ids[0]}).toList();
    }

    @Override
    public void close() {
      closed.countDown();
    }

    private static void await(CountDownLatch latch) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    private static String text(long[] ids) {
      return new String(Arrays.stream(ids).mapToInt(id -> (int) id).toArray(), 0, ids.length);
    }
  }
}
