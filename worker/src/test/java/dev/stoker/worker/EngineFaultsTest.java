package dev.stoker.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import dev.stoker.engine.mock.MockAnswers;
import dev.stoker.engine.mock.MockEngine;
import dev.stoker.settings.Settings;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import dev.stoker.testing.Until;
import dev.stoker.worker.engine.EngineState;
import dev.stoker.worker.engine.openai.OpenAiEngine;
import dev.stoker.worker.engine.openai.OpenAiSettings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** A whole worker, a real database, and a server that fails in every way it can. */
class EngineFaultsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration GRACE = Duration.ofSeconds(6);
  private static final Duration CANARY_AFTER = Duration.ofMillis(300);
  private static final int LINES = 500;

  private final Rows rows = new Rows(database);
  private MockEngine mock;
  private OpenAiEngine engine;
  private RunningWorker worker;

  @BeforeEach
  void start() {
    mock = MockEngine.start("--slots", "64", "--first-token", "30ms");
    Settings settings =
        new Settings(
            Map.of(
                "STOKER_ENGINE_URL", mock.uri().toString(), "STOKER_ENGINE_DEADLINE_MIN", "100ms"));
    engine =
        new OpenAiEngine(
            OpenAiSettings.from(settings),
            CANARY_AFTER,
            () -> LoggerFactory.getLogger("server"),
            System::nanoTime,
            reason -> {
              throw new AssertionError(reason);
            });
    settings.verify();
    worker = RunningWorker.start(database, "w", engine, Duration.ofMillis(200), () -> {});
  }

  @AfterEach
  void end() {
    worker.end();
    mock.close();
  }

  @Test
  void a_batch_is_answered_as_the_engine_answers_with_no_request_too_many() {
    BatchId batch = batch();

    isExact(batch);
    assertThat(mock.stats().requests()).isEqualTo(LINES);
    assertThat(mock.stats().requestsOfOneMax()).isOne();
  }

  @ParameterizedTest
  @CsvSource({
    "fail_every, 97",
    "reset_every, 97",
    "truncate_every, 97",
    "garble_every, 97",
    "busy_ms, 700",
    "unavailable_ms, 700",
    "away_ms, 700",
    "slow_by, 5"
  })
  void whatever_fails_for_a_while_the_batch_is_exact(String fault, String value) {
    mock.faults().retryAfter(Duration.ZERO).set(Map.of(fault, value));

    isExact(batch());
  }

  @Test
  void an_engine_that_dies_and_comes_back_costs_no_line_a_try() {
    mock.faults().crashOn("text 333\"").backAfter(Duration.ofSeconds(1));
    BatchId batch = batch();
    Until.within(GRACE).holds(() -> engine.probe() == EngineState.DOWN);
    mock.faults().crashOn("");

    isExact(batch);
  }

  @Test
  void a_frozen_engine_costs_no_line_a_try() {
    mock.faults().hang(true);
    BatchId batch = batch();
    Until.within(GRACE).holds(() -> engine.probe() == EngineState.DOWN);
    Until.within(GRACE).holds(() -> queued(batch) == 2);
    mock.faults().lift();

    isExact(batch);
  }

  @Test
  void a_line_that_kills_the_engine_each_time_is_found_and_the_others_are_answered() {
    mock.faults().crashOn("text 333\"").backAfter(Duration.ofMillis(100));
    BatchId batch = batch();

    Until.within(Duration.ofSeconds(40)).holds(() -> rows.status(batch) == BatchStatus.COMPLETED);

    assertThat(rows.results(batch)).hasSize(LINES);
    assertThat(rows.results(batch).stream().filter(result -> !result.succeeded()))
        .singleElement()
        .satisfies(result -> assertThat(result.line()).isEqualTo(333))
        .satisfies(result -> assertThat(result.body()).contains("engine_crash"));
    assertThat(number("SELECT sum(faults) FROM shard WHERE batch = ?", batch)).isZero();
  }

  private BatchId batch() {
    Until.within(GRACE).holds(() -> engine.probe() != EngineState.STARTING);
    return rows.batch().part("mock", 256).part("mock", LINES - 256).insert();
  }

  /** Every line has the answer that the engine must give, and nobody lost a try over it. */
  private void isExact(BatchId batch) {
    Until.within(GRACE).holds(() -> rows.status(batch) == BatchStatus.COMPLETED);
    List<Rows.Result> results = rows.results(batch);
    assertThat(results).hasSize(LINES).allMatch(Rows.Result::succeeded);
    for (Rows.Result result : results) {
      String body = "{\"model\":\"mock\",\"input\":\"text %d\"}".formatted(result.line());
      String answer = new String(MockAnswers.of(Rows.URL, body.getBytes(UTF_8)), UTF_8);
      assertThat(result.body())
          .contains("\"status_code\":200", "\"body\":" + answer.replace('\n', ' ') + "}");
    }
    assertThat(number("SELECT sum(faults) FROM shard WHERE batch = ?", batch)).isZero();
  }

  private int queued(BatchId batch) {
    return number("SELECT count(*) FROM shard WHERE batch = ? AND state = 'queued'", batch);
  }

  private int number(String sql, BatchId batch) {
    return rows.value(Integer.class, sql, batch.value());
  }
}
