package dev.stoker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.queue.ShardTable;
import dev.stoker.testing.TestDatabase;
import dev.stoker.testing.Until;
import dev.stoker.worker.engine.EngineReply;
import dev.stoker.worker.engine.EngineState;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The loops of whole workers on a real database, with an engine that does as it is told. */
class WorkerLoopsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final UUID BATCH = UUID.fromString("01900000-0000-7000-8000-0000000000b1");
  private static final UUID FILE = UUID.fromString("01900000-0000-7000-8000-0000000000f1");
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final List<RunningWorker> workers = new ArrayList<>();
  private final AtomicBoolean fenced = new AtomicBoolean();

  @AfterEach
  void end_the_workers() {
    workers.forEach(RunningWorker::end);
  }

  @Test
  void every_line_of_a_batch_is_answered_once_and_the_batch_completes() {
    ScriptedEngine engine = new ScriptedEngine();
    batchOf(3, 100);

    start("w1", engine);

    Until.within(GRACE).holds(() -> status().equals("completed"));
    assertThat(engine.asked()).hasSize(300).doesNotHaveDuplicates();
    assertThat(results(true)).hasSize(300);
    assertThat(results(true).get(41))
        .isEqualTo(
            "{\"id\":\"batch_req_019000000000700080000000000000b10000002a\",\"custom_id\":\"r-42\","
                + "\"response\":{\"status_code\":200,"
                + "\"request_id\":\"req_019000000000700080000000000000b10000002a\","
                + "\"body\":{\"echo\":{\"model\":\"scripted\",\"input\":\"text 42\"}}},\"error\":null}");
    assertThat(number("SELECT input_tokens FROM batch")).isEqualTo(900);
  }

  @Test
  @DisplayName("scenario 8: duplicate execution")
  void two_workers_share_one_batch_and_no_line_runs_twice() {
    ScriptedEngine one = new ScriptedEngine();
    ScriptedEngine two = new ScriptedEngine();
    batchOf(12, 50);
    one.holdAnswers();
    two.holdAnswers();
    start("w1", one);
    start("w2", two);
    Until.within(GRACE).holds(() -> !one.asked().isEmpty() && !two.asked().isEmpty());

    one.let(600);
    two.let(600);

    Until.within(GRACE).holds(() -> status().equals("completed"));
    List<String> asked = new ArrayList<>(one.asked());
    asked.addAll(two.asked());
    assertThat(asked).hasSize(600).doesNotHaveDuplicates();
    assertThat(results(true)).hasSize(600);
  }

  @Test
  void a_refused_line_goes_to_the_error_file_with_its_status_and_body() {
    ScriptedEngine engine = new ScriptedEngine();
    engine.answersBy(
        body ->
            body.contains("text 2\"")
                ? ScriptedEngine.answer(400, "{\"error\":{\"message\":\"too\nlong\"}}")
                : ScriptedEngine.ok("{}"));
    batchOf(1, 3);

    start("w1", engine);

    Until.within(GRACE).holds(() -> status().equals("completed"));
    assertThat(results(true)).hasSize(2);
    assertThat(results(false))
        .singleElement()
        .asString()
        .contains("\"custom_id\":\"r-2\"", "\"status_code\":400", "{\"message\":\"too long\"}")
        .endsWith("\"error\":null}");
    assertThat(engine.asked()).hasSize(3);
  }

  @Test
  void a_faulty_answer_is_asked_for_again_and_its_last_fault_is_kept() {
    ScriptedEngine engine = new ScriptedEngine();
    engine.answersBy(_ -> ScriptedEngine.answer(500, "{\"error\":{\"message\":\"boom\"}}"));
    batchOf(1, 1);

    start("w1", engine);

    Until.within(GRACE).holds(() -> status().equals("completed"));
    assertThat(engine.asked()).hasSize(3);
    assertThat(results(false)).singleElement().asString().contains("\"status_code\":500", "boom");
  }

  @Test
  void an_error_inside_the_worker_ends_the_line_and_not_the_batch() {
    ScriptedEngine engine = new ScriptedEngine();
    engine.answersBy(
        body -> {
          if (body.contains("text 2\"")) {
            throw new StackOverflowError("deep");
          }
          return ScriptedEngine.ok("{}");
        });
    batchOf(1, 3);

    start("w1", engine);

    Until.within(GRACE).holds(() -> status().equals("completed"));
    assertThat(results(false)).singleElement().asString().contains("internal_error", "deep");
  }

  @Test
  void a_worker_tells_at_once_that_its_engine_is_ready() {
    ScriptedEngine engine = new ScriptedEngine();
    engine.is(EngineState.STARTING);
    start("w1", engine, Duration.ofHours(1));
    Until.within(GRACE).holds(() -> statusOfWorker().equals("starting"));

    engine.is(EngineState.READY);

    Until.within(GRACE).holds(() -> statusOfWorker().equals("ready"));
  }

  @Test
  void an_engine_outage_gives_leases_back_and_costs_no_line_a_try() {
    ScriptedEngine engine = new ScriptedEngine();
    engine.answersBy(_ -> new EngineReply.Unreachable("connection refused"));
    batchOf(2, 10);
    start("w1", engine);
    Until.within(GRACE).holds(() -> engine.asked().size() > 40);

    engine.is(EngineState.DOWN);
    Until.within(GRACE)
        .holds(() -> number("SELECT count(*) FROM shard WHERE state = 'queued'") == 2);
    assertThat(number("SELECT sum(faults) FROM shard")).isZero();
    assertThat(statusOfWorker()).isIn("engine_down", "ready");

    engine.answersBy(_ -> ScriptedEngine.ok("{}"));
    engine.is(EngineState.READY);
    Until.within(GRACE).holds(() -> status().equals("completed"));
    assertThat(results(true)).hasSize(20);
  }

  @Test
  void a_zombie_stores_nothing_after_its_lease_was_taken_and_its_successor_finishes() {
    ScriptedEngine slow = new ScriptedEngine();
    slow.holdAnswers();
    slow.answersBy(_ -> ScriptedEngine.ok("{\"by\":\"zombie\"}"));
    batchOf(1, 10);
    RunningWorker zombie = start("w1", slow);
    Until.within(GRACE).holds(() -> slow.asked().size() == 10);

    slow.wantsNoMore();
    new ShardTable(database.jdbc()).reapHolder(zombie.id().holder(), true);
    ScriptedEngine engine = new ScriptedEngine();
    start("w2", engine);
    slow.let(10);

    Until.within(GRACE).holds(() -> status().equals("completed"));
    assertThat(engine.asked()).hasSize(10);
    assertThat(results(true)).hasSize(10).noneMatch(line -> line.contains("zombie"));
    assertThat(number("SELECT faults FROM shard")).isEqualTo(1);
  }

  @Test
  @DisplayName("scenario 11: zombie owner burns inference")
  void a_worker_that_has_lost_its_lease_lets_its_engine_go_and_stores_nothing() {
    ScriptedEngine engine = new ScriptedEngine();
    engine.holdAnswers();
    batchOf(1, 40);
    RunningWorker zombie = start("w1", engine);
    Until.within(GRACE).holds(() -> engine.asked().size() == 16);

    engine.wantsNoMore();
    new ShardTable(database.jdbc()).reapHolder(zombie.id().holder(), true);

    Until.within(GRACE).holds(() -> engine.interrupted().size() == 16);
    assertThat(engine.asked())
        .hasSize(16)
        .containsExactlyInAnyOrderElementsOf(engine.interrupted());
    assertThat(number("SELECT count(*) FROM result")).isZero();
    assertThat(number("SELECT attempt FROM shard WHERE state = 'queued'")).isEqualTo(1);
    // Its slots are free again, and it is as good a worker as before.
    engine.let(40);
    engine.wantsMore();
    Until.within(GRACE).holds(() -> status().equals("completed"));
    assertThat(results(true)).hasSize(40);
    assertThat(engine.asked()).hasSize(16 + 40);
  }

  @Test
  void what_was_finished_before_a_death_is_not_done_again() {
    ScriptedEngine dying = new ScriptedEngine();
    dying.holdAnswers();
    dying.let(6);
    batchOf(1, 10);
    RunningWorker dead = start("w1", dying);
    Until.within(GRACE).holds(() -> results(true).size() == 6);

    dying.wantsNoMore();
    new ShardTable(database.jdbc()).reapHolder(dead.id().holder(), true);
    ScriptedEngine engine = new ScriptedEngine();
    start("w2", engine);

    Until.within(GRACE).holds(() -> status().equals("completed"));
    assertThat(engine.asked()).hasSize(4);
    assertThat(new HashSet<>(results(true))).hasSize(10);
  }

  @Test
  void a_drain_finishes_what_runs_and_gives_back_the_rest_without_a_fault() {
    ScriptedEngine engine = new ScriptedEngine();
    engine.holdAnswers();
    batchOf(2, 40);
    RunningWorker worker = start("w1", engine);
    Until.within(GRACE).holds(() -> engine.asked().size() == 16);

    Thread drain = Thread.ofVirtual().start(() -> worker.loops().drain(GRACE));
    Until.within(GRACE).holds(() -> statusOfWorker().equals("draining"));
    engine.let(16);
    Until.within(GRACE).holds(() -> !drain.isAlive());
    workers.clear();
    worker.beats().close();

    assertThat(results(true)).hasSize(16);
    assertThat(engine.asked()).hasSize(16);
    assertThat(number("SELECT count(*) FROM shard WHERE state = 'queued' AND faults = 0"))
        .isEqualTo(2);
    assertThat(statusOfWorker()).isEqualTo("stopped");
  }

  @Test
  void a_drain_interrupts_what_does_not_finish_in_its_grace() {
    ScriptedEngine engine = new ScriptedEngine();
    engine.holdAnswers();
    batchOf(1, 4);
    RunningWorker worker = start("w1", engine);
    Until.within(GRACE).holds(() -> engine.asked().size() == 4);

    worker.loops().drain(Duration.ofMillis(50));

    assertThat(number("SELECT count(*) FROM shard WHERE state = 'queued' AND faults = 0"))
        .isEqualTo(1);
    assertThat(results(true)).isEmpty();
  }

  @Test
  @DisplayName("scenario 3: cancel event lost")
  void a_cancelled_batch_gets_no_further_line_started() {
    ScriptedEngine engine = new ScriptedEngine();
    engine.holdAnswers();
    batchOf(1, 100);
    start("w1", engine);
    Until.within(GRACE).holds(() -> engine.asked().size() == 16);

    database.jdbc().sql("UPDATE batch SET status = 'cancelling', cancelling_at = now()").update();
    // Renewed twice since the cancel: what the first renewal told has been acted on.
    Until.within(GRACE)
        .holds(
            () ->
                number(
                        "SELECT count(*) FROM shard, batch WHERE lease_expires_at > "
                            + "cancelling_at + interval '3200 milliseconds'")
                    == 1);
    engine.let(100);

    Until.within(GRACE)
        .holds(() -> number("SELECT count(*) FROM shard WHERE state = 'queued'") == 1);
    assertThat(results(true).size()).isEqualTo(engine.asked().size()).isLessThan(100);
  }

  @Test
  void a_superseded_worker_learns_it_at_its_next_beat() {
    start("w1", new ScriptedEngine());

    new WorkerHeartbeatTable(database.jdbc()).reserve("w1", "host");

    Until.within(GRACE).holds(fenced::get);
  }

  private RunningWorker start(String name, ScriptedEngine engine) {
    return start(name, engine, Duration.ofMillis(100));
  }

  private RunningWorker start(String name, ScriptedEngine engine, Duration heartbeatEvery) {
    RunningWorker worker =
        RunningWorker.start(database, name, engine, heartbeatEvery, () -> fenced.set(true));
    workers.add(worker);
    return worker;
  }

  private static void batchOf(int parts, int linesPerPart) {
    database
        .jdbc()
        .sql(
            """
            INSERT INTO file (id, purpose, filename, status, lines)
            VALUES (:file, 'batch', 'input.jsonl', 'processed', :lines)
            """)
        .param("file", FILE)
        .param("lines", parts * linesPerPart)
        .update();
    for (int part = 0; part < parts; part++) {
      addPart(part, part * linesPerPart + 1, linesPerPart);
    }
    database
        .jdbc()
        .sql(
            """
            INSERT INTO batch (id, endpoint, input_file_id, completion_window, status, total, in_progress_at,
                               expires_at)
            VALUES (:batch, '/v1/embeddings', 'file', '24h', 'in_progress', :total, now(),
                    now() + interval '1 day')
            """)
        .param("batch", BATCH)
        .param("total", parts * linesPerPart)
        .update();
    new ShardTable(database.jdbc()).enqueue(new BatchId(BATCH), FILE);
  }

  private static void addPart(int ordinal, int firstLine, int lines) {
    StringBuilder content = new StringBuilder();
    for (int line = firstLine; line < firstLine + lines; line++) {
      content.append(
          """
          {"custom_id":"r-%d","method":"POST","url":"/v1/embeddings","body":{"model":"%s","input":"text %d"}}
          """
              .formatted(line, ScriptedEngine.MODEL, line));
    }
    database
        .jdbc()
        .sql(
            """
            INSERT INTO file_part (file, ordinal, first_line, last_line, requests, faults, urls, models,
                                   model_lines, custom_ids, content)
            VALUES (:file, :ordinal, :first, :last, :lines, 0, '{/v1/embeddings}', ARRAY[:model],
                    ARRAY[:lines], '{}', :content)
            """)
        .param("file", FILE)
        .param("ordinal", ordinal)
        .param("first", firstLine)
        .param("last", firstLine + lines - 1)
        .param("lines", lines)
        .param("model", ScriptedEngine.MODEL)
        .param("content", content.toString().getBytes(StandardCharsets.UTF_8))
        .update();
  }

  private static String status() {
    return database.jdbc().sql("SELECT status FROM batch").query(String.class).single();
  }

  private static String statusOfWorker() {
    return database
        .jdbc()
        .sql("SELECT status FROM worker_heartbeat ORDER BY worker LIMIT 1")
        .query(String.class)
        .single();
  }

  private static long number(String sql) {
    return database.jdbc().sql(sql).query(Long.class).single();
  }

  private static List<String> results(boolean succeeded) {
    return database
        .jdbc()
        .sql(
            "SELECT convert_from(body, 'UTF8') FROM result WHERE succeeded = :succeeded ORDER BY line")
        .param("succeeded", succeeded)
        .query(String.class)
        .list();
  }
}
