package dev.stoker.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class WorkerHeartbeatTableTest {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final String WORKER = "host/0";
  private static final ProcessIdentity PROCESS = new ProcessIdentity(4711, 99_999_999_999L, "boot");
  private static final Duration MOMENT = Duration.ofSeconds(20);

  private final Rows rows = new Rows(database);
  private WorkerHeartbeatTable heartbeats;

  @BeforeEach
  void open() {
    heartbeats = new WorkerHeartbeatTable(database.jdbc());
  }

  @Test
  void the_first_process_of_a_slot_is_incarnation_one_and_was_never_seen() {
    assertThat(heartbeats.reserve(WORKER, "host")).isEqualTo(new WorkerId(WORKER, 1));
    assertThat(heartbeats.all())
        .containsExactly(
            new WorkerView(
                new WorkerId(WORKER, 1),
                "host",
                Optional.empty(),
                WorkerStatus.RESERVED,
                List.of(),
                "",
                0,
                0,
                0,
                Optional.empty(),
                Optional.empty(),
                ModelSwaps.NONE));
  }

  @Test
  void each_reservation_bumps_the_incarnation_and_forgets_the_process_before() {
    WorkerId first = running();
    heartbeats.beat(first, beat(WorkerStatus.READY, 3, 17, Optional.of(Duration.ZERO)));
    WorkerId second = heartbeats.reserve(WORKER, "moved");
    assertThat(second).isEqualTo(new WorkerId(WORKER, 2));
    WorkerView view = view();
    assertThat(view.id()).isEqualTo(second);
    assertThat(view.host()).isEqualTo("moved");
    assertThat(view.status()).isEqualTo(WorkerStatus.RESERVED);
    assertThat(view.process()).isEmpty();
    assertThat(view.loadedModel()).isEmpty();
    assertThat(view.inFlight()).isZero();
    assertThat(view.linesDone()).isZero();
    assertThat(view.sinceProgress()).isEmpty();
    assertThat(view.swaps()).isEqualTo(ModelSwaps.NONE);
    assertThat(view.sinceSeen()).as("the slot was seen a moment ago").isPresent();
  }

  @Test
  void slots_count_apart() {
    heartbeats.reserve("host/1", "host");
    heartbeats.reserve("host/1", "host");
    assertThat(heartbeats.reserve(WORKER, "host").incarnation()).isEqualTo(1);
    assertThat(heartbeats.all())
        .extracting(view -> view.id().holder())
        .containsExactly("host/0#1", "host/1#2");
  }

  @Test
  void a_process_takes_the_place_reserved_for_it() {
    WorkerId id = heartbeats.reserve(WORKER, "host");
    assertThat(heartbeats.register(id, PROCESS)).isTrue();
    assertThat(view().process()).contains(PROCESS);
    assertThat(view().status()).isEqualTo(WorkerStatus.STARTING);
    assertThat(view().sinceSeen()).as("only a beat is a sign of life").isEmpty();
    assertThat(heartbeats.register(id, PROCESS)).as("sent again").isTrue();
  }

  @Test
  void a_process_that_was_superseded_before_it_started_finds_no_place() {
    WorkerId first = heartbeats.reserve(WORKER, "host");
    heartbeats.reserve(WORKER, "host");
    assertThat(heartbeats.register(first, PROCESS)).isFalse();
    assertThat(view().process()).isEmpty();
    assertThat(heartbeats.register(new WorkerId("unknown", 1), PROCESS)).isFalse();
  }

  @Test
  void a_fenced_or_running_incarnation_cannot_be_registered_again() {
    WorkerId id = running();
    heartbeats.beat(id, beat(WorkerStatus.READY, 0, 0, Optional.empty()));
    assertThat(heartbeats.register(id, PROCESS)).isFalse();
    heartbeats.fence(id);
    assertThat(heartbeats.register(id, PROCESS)).isFalse();
    assertThat(view().status()).isEqualTo(WorkerStatus.FENCED);
  }

  @Test
  void a_beat_says_how_the_worker_is() {
    WorkerId id = running();
    database
        .jdbc()
        .sql("UPDATE worker_heartbeat SET last_seen_at = now() - interval '1 h'")
        .update();
    Beat beat =
        new Beat(
            WorkerStatus.ENGINE_DOWN,
            List.of("m", "n"),
            "n",
            5,
            1L << 40,
            (1L << 40) + 3,
            Optional.of(Duration.ofMinutes(7)),
            new ModelSwaps("m", 3, Optional.of(Duration.ofMillis(4711))));
    assertThat(heartbeats.beat(id, beat)).isTrue();
    WorkerView view = view();
    assertThat(view.status()).isEqualTo(WorkerStatus.ENGINE_DOWN);
    assertThat(view.models()).containsExactly("m", "n");
    assertThat(view.loadedModel()).isEqualTo("n");
    assertThat(view.inFlight()).isEqualTo(5);
    assertThat(view.engineSteps()).isEqualTo((1L << 40) + 3);
    assertThat(view.linesDone()).isEqualTo(1L << 40);
    assertThat(view.process()).contains(PROCESS);
    assertThat(view.swaps())
        .isEqualTo(new ModelSwaps("m", 3, Optional.of(Duration.ofMillis(4711))));
    assertThat(view.sinceSeen().orElseThrow()).isBetween(Duration.ZERO, MOMENT);
    assertThat(view.sinceProgress().orElseThrow())
        .isBetween(Duration.ofMinutes(7), Duration.ofMinutes(7).plus(MOMENT));
  }

  @Test
  void a_worker_that_finished_nothing_yet_has_no_progress() {
    WorkerId id = running();
    heartbeats.beat(id, beat(WorkerStatus.READY, 1, 0, Optional.empty()));
    assertThat(view().sinceProgress()).isEmpty();
  }

  @Test
  void the_beat_of_a_fenced_incarnation_is_refused() {
    WorkerId id = running();
    assertThat(heartbeats.fence(id)).isTrue();
    assertThat(heartbeats.beat(id, beat(WorkerStatus.READY, 1, 1, Optional.empty()))).isFalse();
    assertThat(view().status()).isEqualTo(WorkerStatus.FENCED);
    assertThat(view().inFlight()).isZero();
    assertThat(heartbeats.fence(id)).as("fencing twice is harmless").isTrue();
  }

  @Test
  void the_beat_of_an_older_incarnation_is_refused_and_changes_nothing() {
    WorkerId older = running();
    heartbeats.beat(older, beat(WorkerStatus.READY, 1, 1, Optional.empty()));
    heartbeats.reserve(WORKER, "host");
    WorkerView before = view();
    assertThat(heartbeats.beat(older, beat(WorkerStatus.READY, 9, 9, Optional.empty()))).isFalse();
    WorkerView after = view();
    assertThat(after.status()).isEqualTo(WorkerStatus.RESERVED);
    assertThat(after.inFlight()).isZero();
    assertThat(after.sinceSeen().orElseThrow())
        .as("it does not look alive")
        .isGreaterThanOrEqualTo(before.sinceSeen().orElseThrow());
  }

  @Test
  void a_successor_cannot_be_fenced_by_its_predecessors_name() {
    WorkerId older = running();
    WorkerId newer = heartbeats.reserve(WORKER, "host");
    assertThat(heartbeats.fence(older)).isFalse();
    assertThat(heartbeats.register(newer, PROCESS)).isTrue();
  }

  @Test
  void a_slot_that_was_fenced_is_filled_again() {
    heartbeats.fence(running());
    WorkerId next = heartbeats.reserve(WORKER, "host");
    assertThat(heartbeats.register(next, PROCESS)).isTrue();
    assertThat(heartbeats.beat(next, beat(WorkerStatus.READY, 0, 0, Optional.empty()))).isTrue();
  }

  @Test
  void ages_are_the_databases() {
    rows.heartbeat("host/0", WorkerStatus.READY, Duration.ofSeconds(73));
    rows.heartbeat("host/1", WorkerStatus.READY, Duration.ofDays(40));
    assertThat(heartbeats.all().get(0).sinceSeen().orElseThrow())
        .isBetween(Duration.ofSeconds(73), Duration.ofSeconds(73).plus(MOMENT));
    assertThat(heartbeats.all().get(1).sinceSeen().orElseThrow())
        .isBetween(Duration.ofDays(40), Duration.ofDays(40).plus(MOMENT));
  }

  private WorkerId running() {
    WorkerId id = heartbeats.reserve(WORKER, "host");
    assertThat(heartbeats.register(id, PROCESS)).isTrue();
    return id;
  }

  private static Beat beat(
      WorkerStatus status, int inFlight, long linesDone, Optional<Duration> sinceProgress) {
    return new Beat(
        status,
        List.of("m"),
        "m",
        inFlight,
        linesDone,
        linesDone,
        sinceProgress,
        new ModelSwaps("n", 1, Optional.of(Duration.ofSeconds(1))));
  }

  private WorkerView view() {
    return heartbeats.all().getFirst();
  }
}
