package dev.stoker.watchdog.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RecoveriesTest {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final int LIMIT = 10;
  private static final RecoveryDraft POISON = draft("h/0", false, true);

  private Recoveries recoveries;

  @BeforeEach
  void open() {
    recoveries = new Recoveries(database.database());
  }

  @Test
  void a_reservation_raises_the_incarnation_and_tells_the_whole_story() {
    assertThat(reserve(false).orElseThrow().id().incarnation()).isEqualTo(1);
    Reservation second = reserve(false).orElseThrow();
    assertThat(second.id().incarnation()).isEqualTo(2);
    recoveries.launched(second.recovery(), 4711);
    recoveries.ready(second.recovery());
    Map<String, Object> row =
        database
            .jdbc()
            .sql(
                """
                SELECT *, (extract(epoch FROM reserved_at - detected_at) * 1000)::int AS detected_ms,
                       ready_at >= reserved_at AS ready FROM recovery WHERE id = :id
                """)
            .param("id", second.recovery())
            .query()
            .singleRow();
    assertThat(row)
        .containsEntry("worker", "h/0")
        .containsEntry("planned", false)
        .containsEntry("cause", "signal KILL")
        .containsEntry("evidence", "it was there")
        .containsEntry("exit_status", 137)
        .containsEntry("old_pid", 11L)
        .containsEntry("new_pid", 4711L)
        .containsEntry("leases_returned", 3)
        .containsEntry("detected_ms", 1500)
        .containsEntry("fence_ms", 1L)
        .containsEntry("kill_ms", 2L)
        .containsEntry("confirm_ms", 3L)
        .containsEntry("ready", true);
  }

  @Test
  void the_eleventh_unplanned_start_within_an_hour_is_refused_and_fences_nobody() {
    IntStream.range(0, LIMIT).forEach(_ -> assertThat(reserve(false)).isPresent());
    assertThat(reserve(false)).isEmpty();
    assertThat(
            database
                .jdbc()
                .sql("SELECT incarnation FROM worker_heartbeat")
                .query(Long.class)
                .single())
        .isEqualTo(LIMIT);
  }

  @Test
  void a_planned_start_is_free() {
    IntStream.range(0, LIMIT).forEach(_ -> reserve(false));
    assertThat(reserve(true)).isPresent();
    assertThat(reserve(false)).isEmpty();
  }

  @Test
  void closing_in_on_a_poison_line_is_free_for_so_long() {
    IntStream.range(0, LIMIT).forEach(_ -> reserve(false));
    IntStream.range(0, 60).forEach(_ -> assertThat(reserve(POISON)).isPresent());
    assertThat(reserve(POISON)).isEmpty();
    database
        .jdbc()
        .sql("UPDATE recovery SET reserved_at = now() - interval '61 minutes' WHERE id = 11")
        .update();
    assertThat(reserve(POISON)).isPresent();
    assertThat(count("poison AND fruitless")).isEqualTo(61);
  }

  @Test
  void beyond_that_it_counts_as_any_other() {
    IntStream.range(0, 62).forEach(_ -> assertThat(reserve(POISON)).isPresent());
    assertThat(count("poison")).isEqualTo(60);
    assertThat(count("NOT poison AND NOT planned")).isEqualTo(2);
  }

  @Test
  void what_is_older_than_an_hour_is_forgiven() {
    IntStream.range(0, LIMIT).forEach(_ -> reserve(false));
    database
        .jdbc()
        .sql("UPDATE recovery SET reserved_at = now() - interval '61 minutes' WHERE id = 1")
        .update();
    assertThat(reserve(false)).isPresent();
    assertThat(reserve(false)).isEmpty();
  }

  @Test
  void another_worker_has_a_budget_of_its_own() {
    IntStream.range(0, LIMIT).forEach(_ -> reserve(false));
    RecoveryDraft other = draft("h/1", false);
    assertThat(recoveries.reserve("h", other, LIMIT)).isPresent();
  }

  @Test
  void rivals_cannot_share_the_last_place() throws Exception {
    try (ExecutorService rivals = Executors.newFixedThreadPool(4)) {
      List<Callable<Optional<Reservation>>> tries =
          IntStream.range(0, 40)
              .<Callable<Optional<Reservation>>>mapToObj(_ -> () -> reserve(false))
              .toList();
      long granted = 0;
      for (Future<Optional<Reservation>> result : rivals.invokeAll(tries)) {
        granted += result.get().isPresent() ? 1 : 0;
      }
      assertThat(granted).isEqualTo(LIMIT);
    }
  }

  private Optional<Reservation> reserve(boolean planned) {
    return reserve(draft("h/0", planned));
  }

  private Optional<Reservation> reserve(RecoveryDraft draft) {
    return recoveries.reserve("h", draft, LIMIT);
  }

  private static long count(String condition) {
    return database
        .jdbc()
        .sql("SELECT count(*) FROM recovery WHERE " + condition)
        .query(Long.class)
        .single();
  }

  private static RecoveryDraft draft(String worker, boolean planned) {
    return draft(worker, planned, false);
  }

  private static RecoveryDraft draft(String worker, boolean planned, boolean poison) {
    return new RecoveryDraft(
        worker,
        planned,
        poison,
        poison,
        "signal KILL",
        "it was there",
        Optional.of(137),
        Optional.of(11L),
        3,
        Duration.ofMillis(1500),
        Optional.of(Duration.ofMillis(1)),
        Optional.of(Duration.ofMillis(2)),
        Optional.of(Duration.ofMillis(3)));
  }
}
