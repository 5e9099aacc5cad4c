package dev.stoker.worker.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.batch.BatchId;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerView;
import dev.stoker.model.ModelDefinition;
import dev.stoker.model.ModelEngine;
import dev.stoker.model.ModelTable;
import dev.stoker.model.RegisteredModel;
import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import dev.stoker.testing.Until;
import dev.stoker.worker.RunningWorker;
import dev.stoker.worker.ScriptedEngine;
import dev.stoker.worker.engine.EngineState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One worker that has several models, on a real database. */
class ModelSwapTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration GRACE = Duration.ofSeconds(10);
  private static final Duration LONG = Duration.ofHours(1);

  private final Rows rows = new Rows(database);
  private final List<RunningWorker> workers = new ArrayList<>();
  private final List<String> loads = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger inMemory = new AtomicInteger();
  private final AtomicInteger inMemoryMax = new AtomicInteger();

  @AfterEach
  void end_the_workers() {
    workers.forEach(RunningWorker::end);
  }

  @Test
  void a_file_of_three_models_costs_two_swaps_and_every_line_is_answered() {
    Rows.BatchRow row = rows.batch();
    for (int i = 0; i < 4; i++) {
      row = row.part("a", 20).and("b", 20).and("c", 20);
    }
    BatchId batch = row.insert();

    start(LONG, new Loadable("a"), new Loadable("b"), new Loadable("c"));

    Until.within(GRACE).holds(() -> status(batch).equals("completed"));
    assertThat(succeeded(batch)).isEqualTo(240);
    assertThat(loads).containsExactly("a", "b", "c");
    assertThat(inMemoryMax).hasValue(1);
    Until.within(GRACE).holds(() -> worker().swaps().count() == 2);
    assertThat(worker().swaps().last()).isPresent();
    assertThat(worker().loadedModel()).isEqualTo("c");
  }

  @Test
  void a_model_is_loaded_although_nobody_wants_it_when_there_is_nothing_to_do() {
    start(LONG, new Loadable("a"), new Loadable("b"));

    Until.within(GRACE).holds(() -> !loads.isEmpty() && worker().loadedModel().equals("a"));
    assertThat(registered("a").loads()).isEqualTo(1);
    assertThat(registered("b").loads()).isZero();
  }

  @Test
  void requests_may_call_a_model_by_an_alias() {
    BatchId batch = rows.batch().part("gpt-4o-mini", 10).insert();

    start(LONG, new Loadable("a"), new Loadable("b", "gpt-4o-mini"));

    Until.within(GRACE).holds(() -> status(batch).equals("completed"));
    assertThat(succeeded(batch)).isEqualTo(10);
    assertThat(loads).containsExactly("b");
  }

  @Test
  void no_model_starves_behind_endless_work_for_another() {
    BatchId endless = rows.batch().part("a", 250).part("a", 250).priority(-1).insert();
    Loadable slow = new Loadable("a");
    slow.engine.holdAnswers();
    start(Duration.ofMillis(500), slow, new Loadable("b"));
    Until.within(GRACE).holds(() -> !slow.engine.asked().isEmpty());
    BatchId other = rows.batch().part("b", 5).insert();

    Thread feeder =
        Thread.ofVirtual()
            .start(
                () ->
                    Until.within(GRACE)
                        .holds(
                            () -> {
                              slow.engine.let(1);
                              return status(other).equals("completed");
                            }));

    Until.within(GRACE).holds(() -> status(other).equals("completed"));
    assertThat(status(endless)).isEqualTo("in_progress");
    assertThat(faults(endless)).as("a lease that is given back is no fault").isZero();
    slow.engine.let(1000);
    Until.within(GRACE).holds(() -> status(endless).equals("completed"));
    assertThat(succeeded(endless)).isEqualTo(500);
    assertThat(slow.engine.asked()).as("nothing runs twice").doesNotHaveDuplicates();
    Until.within(GRACE).holds(() -> !feeder.isAlive());
  }

  @Test
  void a_model_that_fails_to_load_three_times_is_quarantined_while_another_goes_on() {
    BatchId batch = rows.batch().part("bad", 5).and("good", 5).insert();

    start(LONG, new Loadable("bad").failing("its file is torn"), new Loadable("good"));

    Until.within(Duration.ofSeconds(20)).holds(() -> quarantined("bad"));
    assertThat(registered("bad").failure()).isEqualTo("its file is torn");
    assertThat(registered("bad").loadFailures()).isEqualTo(3);
    Until.within(GRACE).holds(() -> succeeded(batch) == 5);
    assertThat(loads).filteredOn("bad"::equals).hasSize(3);
  }

  @Test
  void a_model_whose_engine_cannot_even_begin_has_failed_to_load() {
    SwappingEngine engine =
        new SwappingEngine(
            List.of(
                new Model(
                    new Loadable("none").model().definition(),
                    false,
                    16,
                    _ -> {
                      throw new IllegalStateException("no such command");
                    })),
            System::nanoTime,
            _ -> {});
    workers.add(RunningWorker.start(database, "w", engine, LONG, Duration.ofMillis(50), () -> {}));

    Until.within(Duration.ofSeconds(20)).holds(() -> quarantined("none"));
    assertThat(registered("none").failure()).contains("no such command");
  }

  @Test
  void a_server_that_is_away_keeps_no_other_model_waiting_for_longer_than_the_bound() {
    BatchId lost = rows.batch().part("away", 5).priority(-1).insert();
    BatchId other = rows.batch().part("b", 5).insert();

    start(Duration.ofMillis(500), new Loadable("away").down(), new Loadable("b"));

    Until.within(GRACE).holds(() -> status(other).equals("completed"));
    assertThat(status(lost)).isEqualTo("in_progress");
  }

  @Test
  void a_model_that_nobody_has_named_is_left_to_a_new_process_if_it_cannot_be_loaded() {
    Loadable unnamed = new Loadable("unnamed").failing("no such file");
    List<String> reasons = Collections.synchronizedList(new ArrayList<>());
    SwappingEngine engine =
        new SwappingEngine(
            List.of(new Model(unnamed.model().definition(), true, 16, unnamed::open)),
            System::nanoTime,
            reasons::add);
    workers.add(RunningWorker.start(database, "w", engine, LONG, Duration.ofMillis(50), () -> {}));

    Until.within(GRACE).holds(() -> reasons.contains("no such file"));
  }

  @Test
  void the_only_model_is_tried_again_once_its_quarantine_is_lifted() {
    Loadable only = new Loadable("only").failing("no room");
    start(LONG, only);
    Until.within(Duration.ofSeconds(20)).holds(() -> quarantined("only"));
    Until.within(GRACE).holds(() -> worker().status().wireName().equals("engine_down"));

    only.sound();
    new ModelTable(database.jdbc()).reset("only");

    Until.within(Duration.ofSeconds(20)).holds(() -> worker().loadedModel().equals("only"));
    assertThat(registered("only").loadFailures()).isZero();
  }

  private void start(Duration waitMax, Loadable... models) {
    SwappingEngine engine =
        new SwappingEngine(
            List.of(models).stream().map(Loadable::model).toList(), System::nanoTime, _ -> {});
    workers.add(
        RunningWorker.start(database, "w", engine, waitMax, Duration.ofMillis(50), () -> {}));
  }

  private static WorkerView worker() {
    return new WorkerHeartbeatTable(database.jdbc()).all().getFirst();
  }

  private static boolean quarantined(String name) {
    return new ModelTable(database.jdbc()).quarantined().containsKey(name);
  }

  private static RegisteredModel registered(String name) {
    return new ModelTable(database.jdbc())
        .all().stream()
            .filter(model -> model.definition().name().equals(name))
            .findFirst()
            .orElseThrow();
  }

  private String status(BatchId batch) {
    return rows.status(batch).wireName();
  }

  private long succeeded(BatchId batch) {
    return rows.results(batch).stream().filter(Rows.Result::succeeded).count();
  }

  private long faults(BatchId batch) {
    return rows.value(Long.class, "SELECT sum(faults) FROM shard WHERE batch = ?", batch.value());
  }

  /** A model that can be loaded again and again, and says how often it was. */
  private final class Loadable {
    private final String name;
    private final List<String> aliases;
    private final ScriptedEngine engine = new ScriptedEngine();
    private volatile Optional<String> failure = Optional.empty();
    private volatile boolean down;

    Loadable(String name, String... aliases) {
      this.name = name;
      this.aliases = List.of(aliases);
    }

    Loadable failing(String reason) {
      failure = Optional.of(reason);
      return this;
    }

    /** As a server that is not there: no failure, and no end of waiting. */
    Loadable down() {
      down = true;
      return this;
    }

    void sound() {
      failure = Optional.empty();
    }

    Model model() {
      return new Model(
          new ModelDefinition(
              name,
              aliases,
              ModelEngine.NULL,
              "memory",
              Optional.empty(),
              Optional.of(16),
              Optional.empty(),
              "1"),
          false,
          16,
          this::open);
    }

    private ScriptedEngine open(Consumer<String> whenBroken) {
      loads.add(name);
      inMemoryMax.accumulateAndGet(inMemory.incrementAndGet(), Math::max);
      engine.is(EngineState.STARTING);
      engine.whenClosed(inMemory::decrementAndGet);
      Thread.ofVirtual()
          .start(
              () ->
                  failure.ifPresentOrElse(
                      whenBroken, () -> engine.is(down ? EngineState.DOWN : EngineState.READY)));
      return engine;
    }
  }
}
