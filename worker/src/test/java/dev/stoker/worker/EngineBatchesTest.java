package dev.stoker.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import dev.stoker.engine.mock.MockEngine;
import dev.stoker.settings.Settings;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import dev.stoker.testing.Until;
import dev.stoker.worker.engine.Engine;
import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineRequest;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.engine.llama.LlamaEngine;
import dev.stoker.worker.engine.llama.LlamaSettings;
import dev.stoker.worker.engine.llama.TinyGguf;
import dev.stoker.worker.engine.openai.OpenAiEngine;
import dev.stoker.worker.engine.openai.OpenAiSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** Batches of every kind through a whole worker say what the engine says when asked directly. */
class EngineBatchesTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration GRACE = Duration.ofSeconds(20);
  private static final Duration DEADLINE = Duration.ofMinutes(1);
  private static final int LINES = 40;

  @TempDir Path directory;
  private final Rows rows = new Rows(database);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v1/chat/completions|\"messages\":[{\"role\":\"user\",\"content\":\"text %d\"}],\"max_tokens\":5",
        "/v1/completions|\"prompt\":\"text %d\",\"max_tokens\":5",
        "/v1/embeddings|\"input\":\"text %d\""
      })
  void a_server_is_passed_on_byte_for_byte(String endpoint, String content) throws Exception {
    try (MockEngine mock = MockEngine.start("--slots", "16", "--per-token", "1ms")) {
      Settings settings = new Settings(Map.of("STOKER_ENGINE_URL", mock.uri().toString()));
      isAnsweredAs(
          "mock",
          new OpenAiEngine(
              OpenAiSettings.from(settings),
              DEADLINE,
              () -> LoggerFactory.getLogger("server"),
              System::nanoTime,
              reason -> {
                throw new AssertionError(reason);
              }),
          endpoint,
          content);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v1/chat/completions|\"messages\":[{\"role\":\"user\",\"content\":\"text %d\"}],\"max_tokens\":5,\"temperature\":0",
        "/v1/completions|\"prompt\":\"text %d\",\"max_tokens\":5,\"seed\":3"
      })
  void a_model_in_the_worker_writes_what_it_writes_when_asked_directly(
      String endpoint, String content) throws Exception {
    isAnsweredAs("tiny", llama(LlamaSettings.Embeddings.NO), endpoint, content);
  }

  @Test
  void a_model_in_the_worker_embeds_as_when_asked_directly() throws Exception {
    isAnsweredAs(
        "tiny", llama(LlamaSettings.Embeddings.MEAN), "/v1/embeddings", "\"input\":\"text %d\"");
  }

  private Engine llama(LlamaSettings.Embeddings embeddings) throws IOException {
    Path file = TinyGguf.write(directory.resolve("tiny.gguf"), 7);
    return new LlamaEngine(
        new LlamaSettings(file, "tiny", 1, 512, 4, embeddings),
        InstantSource.system(),
        System::nanoTime,
        reason -> {
          throw new AssertionError(reason);
        });
  }

  private void isAnsweredAs(String model, Engine engine, String endpoint, String content)
      throws InterruptedException {
    Until.within(GRACE).holds(() -> engine.probe() == EngineState.READY);
    List<String> bodies =
        IntStream.rangeClosed(1, LINES)
            .mapToObj(line -> "{\"model\":\"" + model + "\"," + content.formatted(line) + "}")
            .toList();
    BatchId batch = batch(model, endpoint, bodies);

    RunningWorker worker =
        RunningWorker.start(database, "w", engine, Duration.ofMillis(200), () -> {});
    try {
      Until.within(GRACE).holds(() -> rows.status(batch) == BatchStatus.COMPLETED);
      List<Rows.Result> results = rows.results(batch);
      assertThat(results).hasSize(LINES).allMatch(Rows.Result::succeeded);
      for (Rows.Result result : results) {
        EngineRequest direct =
            new EngineRequest(endpoint, model, bodies.get(result.line() - 1).getBytes(UTF_8));
        assertThat(said(result.body())).contains(said(answer(engine.complete(direct, DEADLINE))));
      }
    } finally {
      worker.end();
    }
  }

  private static String answer(EngineReply reply) {
    assertThat(reply).isInstanceOf(EngineReply.Answered.class);
    return new String(((EngineReply.Answered) reply).body(), UTF_8);
  }

  /** All but an answer's own name and time, and what was still known of an earlier prompt. */
  private static String said(String body) {
    return body.replace('\n', ' ')
        .replaceAll("\"id\":\"(chatcmpl|cmpl)-[^\"]*\"", "\"id\":\"\"")
        .replaceAll("\"created\":\\d+", "\"created\":0")
        .replaceAll("\"cached_tokens\":\\d+", "\"cached_tokens\":0");
  }

  private BatchId batch(String model, String endpoint, List<String> bodies) {
    BatchId batch = rows.batch().part(model, bodies.size()).insert();
    StringBuilder content = new StringBuilder();
    for (int i = 0; i < bodies.size(); i++) {
      content.append(
          "{\"custom_id\":\"c%d\",\"method\":\"POST\",\"url\":\"%s\",\"body\":%s}\n"
              .formatted(i + 1, endpoint, bodies.get(i)));
    }
    database
        .jdbc()
        .sql(
            "UPDATE file_part SET content = ?, urls = ARRAY[?] WHERE file IN (SELECT file FROM shard WHERE batch = ?)")
        .params(content.toString().getBytes(UTF_8), endpoint, batch.value())
        .update();
    database
        .jdbc()
        .sql("UPDATE batch SET endpoint = ? WHERE id = ?")
        .params(endpoint, batch.value())
        .update();
    return batch;
  }
}
