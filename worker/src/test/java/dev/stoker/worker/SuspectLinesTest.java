package dev.stoker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.batch.BatchStatus;
import dev.stoker.queue.ShardTable;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import dev.stoker.testing.Until;
import dev.stoker.worker.engine.EngineReply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines that a worker died of, in the loops of a whole worker; its engine has 16 slots. */
class SuspectLinesTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration GRACE = Duration.ofSeconds(5);
  private static final int GROUP_MAX = 4;

  /** A machine that is slow enough would do nothing but begin again. */
  private static final int REAPS_MAX = 20;

  private final Rows rows = new Rows(database);
  private final ScriptedEngine engine = new ScriptedEngine();
  private Optional<RunningWorker> worker = Optional.empty();

  @AfterEach
  void end_the_worker() {
    worker.ifPresent(RunningWorker::end);
  }

  @Test
  void suspects_wait_for_fresh_lines_and_run_in_groups() {
    BatchId batch = batchOf(30);
    strike(batch, 1, 6, 1, 0);
    engine.holdAnswers();
    start();

    assertThat(asked(16)).isSubsetOf(lines(7, 30));
    engine.let(16);
    assertThat(asked(24)).as("with slots to spare").containsAll(lines(7, 30));
    engine.let(8);
    assertThat(asked(28)).as("four at most").containsAll(lines(1, 4));
    engine.let(4);
    assertThat(asked(30)).containsAll(lines(5, 6));
    engine.let(2);

    Until.within(GRACE).holds(() -> rows.status(batch) == BatchStatus.COMPLETED);
    assertThat(rows.results(batch)).hasSize(30).allMatch(Rows.Result::succeeded);
  }

  @Test
  void a_line_that_several_workers_died_of_runs_alone() {
    BatchId batch = batchOf(4);
    strike(batch, 1, 2, 2, 1);
    strike(batch, 3, 3, 1, 0);
    engine.holdAnswers();
    start();

    assertThat(asked(1)).containsExactly(4);
    engine.let(1);
    assertThat(asked(2)).containsExactly(4, 3);
    engine.let(1);
    assertThat(asked(3)).containsExactly(4, 3, 1);
    engine.let(1);
    assertThat(asked(4)).containsExactly(4, 3, 1, 2);
    engine.let(1);
    Until.within(GRACE).holds(() -> rows.status(batch) == BatchStatus.COMPLETED);
  }

  @Test
  void a_convicted_line_ends_with_an_error_and_never_reaches_the_engine() {
    BatchId batch = batchOf(8);
    strike(batch, 5, 5, 4, 2);
    start();

    Until.within(GRACE).holds(() -> rows.status(batch) == BatchStatus.COMPLETED);
    assertThat(asked(7)).doesNotContain(5);
    assertThat(rows.results(batch))
        .filteredOn(result -> !result.succeeded())
        .singleElement()
        .satisfies(
            result -> {
              assertThat(result.line()).isEqualTo(5);
              assertThat(result.body())
                  .contains("\"custom_id\":\"c5\"", "\"code\":\"engine_crash\"")
                  .contains("Change the request before you submit it in a new batch");
            });
  }

  @Test
  void a_batch_that_is_cancelled_starts_no_further_group() {
    BatchId batch = batchOf(10);
    strike(batch, 1, 10, 1, 0);
    engine.holdAnswers();
    start();
    asked(GROUP_MAX);

    rows.move(batch, BatchStatus.CANCELLING);
    // Renewed twice since the cancel: what the first renewal told has been acted on.
    Until.within(GRACE)
        .holds(
            () ->
                rows.value(
                    Boolean.class,
                    "SELECT lease_expires_at > cancelling_at + interval '3200 milliseconds'"
                        + " FROM shard, batch"));
    engine.let(100);

    Until.within(GRACE)
        .holds(() -> rows.value(String.class, "SELECT state FROM shard").equals("queued"));
    assertThat(asked(GROUP_MAX)).hasSize(GROUP_MAX);
    assertThat(rows.results(batch)).hasSize(GROUP_MAX);
  }

  @Test
  void a_lost_lease_ends_its_group_and_the_next_lease_begins_anew() {
    BatchId batch = batchOf(10);
    strike(batch, 1, 10, 1, 0);
    engine.holdAnswers();
    start();
    asked(GROUP_MAX);

    new ShardTable(database.jdbc()).reapHolder(worker.orElseThrow().id().holder(), false);
    asked(2 * GROUP_MAX);
    engine.let(100);

    Until.within(GRACE).holds(() -> rows.status(batch) == BatchStatus.COMPLETED);
    assertThat(rows.results(batch)).hasSize(10);
    assertThat(asked(14)).hasSize(14);
  }

  @Test
  void a_drain_lets_a_group_finish_and_starts_no_other() {
    BatchId batch = batchOf(10);
    strike(batch, 1, 10, 1, 0);
    engine.holdAnswers();
    start();
    asked(GROUP_MAX);

    RunningWorker draining = worker.orElseThrow();
    worker = Optional.empty();
    Thread drain = Thread.ofVirtual().start(() -> draining.loops().drain(GRACE));
    Until.within(GRACE)
        .holds(
            () ->
                rows.value(String.class, "SELECT status FROM worker_heartbeat").equals("draining"));
    engine.let(100);
    Until.within(GRACE).holds(() -> !drain.isAlive());
    draining.beats().close();

    assertThat(rows.results(batch)).hasSize(GROUP_MAX);
    assertThat(asked(GROUP_MAX)).hasSize(GROUP_MAX);
    assertThat(rows.value(String.class, "SELECT state || faults FROM shard")).isEqualTo("queued0");
  }

  /**
   * Random strikes, answers and lost leases: every line ends once, suspects stay among themselves,
   * and in the end nothing runs.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void whatever_happens_every_line_ends_once_and_suspects_run_apart(long seed) {
    Random random = new Random(seed);
    BatchId batch =
        rows.batch().part(ScriptedEngine.MODEL, 70).part(ScriptedEngine.MODEL, 50).insert();
    Map<Integer, Integer> struck = new HashMap<>();
    for (int line = 1; line <= 120; line++) {
      if (random.nextInt(3) == 0) {
        struck.put(line, 1 + random.nextInt(3));
        strike(batch, line, line, struck.get(line), random.nextInt(2) * (struck.get(line) / 2));
      }
    }
    Company company = new Company(seed, struck);
    engine.answersBy(body -> company.run(lineOf(body)));
    start();

    ShardTable shards = new ShardTable(database.jdbc());
    String holder = worker.orElseThrow().id().holder();
    AtomicInteger reaps = new AtomicInteger();
    Until.within(Duration.ofSeconds(20))
        .holds(
            () -> {
              if (random.nextInt(10) == 0 && reaps.getAndIncrement() < REAPS_MAX) {
                shards.reapHolder(holder, false);
              }
              return rows.status(batch) == BatchStatus.COMPLETED;
            });

    assertThat(rows.results(batch)).hasSize(120);
    assertThat(company.intrusions).isEmpty();
    Until.within(GRACE).holds(() -> company.running.isEmpty());
    Until.within(GRACE)
        .holds(() -> rows.value(Integer.class, "SELECT in_flight FROM worker_heartbeat") == 0);
  }

  /** Answers badly at times, and notes who runs beside whom. */
  private static final class Company {
    private final long seed;
    private final Map<Integer, Integer> struck;
    private final Map<Integer, Integer> asks = new ConcurrentHashMap<>();
    private final Collection<Integer> running = new ArrayList<>();
    private final Collection<String> intrusions = new ArrayList<>();

    Company(long seed, Map<Integer, Integer> struck) {
      this.seed = seed;
      this.struck = struck;
    }

    EngineReply run(int line) {
      enter(line);
      try {
        LockSupport.parkNanos(1_000_000);
        int ask = asks.merge(line, 1, Integer::sum);
        return reply(new SplittableRandom(seed * 1_000_000 + line * 1_000L + ask));
      } finally {
        leave(line);
      }
    }

    private static EngineReply reply(RandomGenerator random) {
      return switch (random.nextInt(12)) {
        case 0 -> ScriptedEngine.answer(500, "{}");
        case 1 -> ScriptedEngine.answer(400, "{}");
        case 2 -> new EngineReply.TimedOut();
        case 3 -> new EngineReply.Unreachable("away");
        case 4 -> throw new IllegalStateException("broken");
        default -> ScriptedEngine.ok("{}");
      };
    }

    private synchronized void enter(int line) {
      running.add(line);
      long kinds = running.stream().map(this::kind).distinct().count();
      int most = Map.of(0, 16, 1, GROUP_MAX, 2, 1).get(kind(line));
      if (kinds > 1 || running.size() > most) {
        intrusions.add(line + " among " + running);
      }
    }

    private synchronized void leave(Integer line) {
      running.remove(line);
    }

    private int kind(int line) {
      return Math.min(2, struck.getOrDefault(line, 0));
    }
  }

  private void start() {
    worker =
        Optional.of(RunningWorker.start(database, "w1", engine, Duration.ofMillis(100), () -> {}));
  }

  /** The lines that the engine was asked for, as soon as they are so many. */
  private List<Integer> asked(int count) {
    Until.within(GRACE).holds(() -> engine.asked().size() >= count);
    return engine.asked().stream().map(SuspectLinesTest::lineOf).toList();
  }

  private static int lineOf(String body) {
    return Integer.parseInt(body.replaceAll(".*\"text (\\d+)\".*", "$1"));
  }

  private static List<Integer> lines(int first, int last) {
    return IntStream.rangeClosed(first, last).boxed().toList();
  }

  private BatchId batchOf(int lines) {
    return rows.batch().part(ScriptedEngine.MODEL, lines).insert();
  }

  /** As earlier holders that died have left them. */
  private void strike(BatchId batch, int first, int last, int strikes, int alone) {
    database
        .jdbc()
        .sql(
            "INSERT INTO line_strike (batch, line, strikes, alone)"
                + " SELECT :batch, line, :strikes, :alone FROM generate_series(:first, :last) AS line")
        .param("batch", batch.value())
        .param("strikes", strikes)
        .param("alone", alone)
        .param("first", first)
        .param("last", last)
        .update();
    database.jdbc().sql("UPDATE shard SET attempt = :strikes").param("strikes", strikes).update();
  }
}
