package dev.stoker.watchdog.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RecoveriesTest {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final int LIMIT = 10;
  private static final RestartBudget BUDGET = new RestartBudget(LIMIT);

  private Recoveries recoveries;

  @BeforeEach
  void open() {
    recoveries = new Recoveries(database.database());
  }

  @Test
  void a_reservation_raises_the_incarnation_and_tells_the_whole_story() {
    assertThat(granted(reserve(false)).id().incarnation()).isEqualTo(1);
    Reservation.Granted second = granted(reserve(false));
    assertThat(second.id().incarnation()).isEqualTo(2);
    recoveries.launched(second.recovery(), second.id(), new ProcessIdentity(4711, 5, "boot"));
    recoveries.ready(second.recovery());
    assertThat(new WorkerHeartbeatTable(database.jdbc()).all().getFirst().process())
        .contains(new ProcessIdentity(4711, 5, "boot"));
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
    IntStream.range(0, LIMIT)
        .forEach(_ -> assertThat(reserve(false)).isInstanceOf(Reservation.Granted.class));
    assertThat(reserve(false)).isEqualTo(new Reservation.Refused("10 in an hour"));
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
    assertThat(reserve(true)).isInstanceOf(Reservation.Granted.class);
    assertThat(reserve(false)).isEqualTo(new Reservation.Refused("10 in an hour"));
  }

  @Test
  void what_is_older_than_an_hour_is_forgiven() {
    IntStream.range(0, LIMIT).forEach(_ -> reserve(false));
    database
        .jdbc()
        .sql("UPDATE recovery SET reserved_at = now() - interval '61 minutes' WHERE id = 1")
        .update();
    assertThat(reserve(false)).isInstanceOf(Reservation.Granted.class);
    assertThat(reserve(false)).isEqualTo(new Reservation.Refused("10 in an hour"));
  }

  @Test
  void another_worker_has_a_budget_of_its_own() {
    IntStream.range(0, LIMIT).forEach(_ -> reserve(false));
    RecoveryDraft other = draft("h/1", false);
    assertThat(recoveries.reserve("h", other, BUDGET)).isInstanceOf(Reservation.Granted.class);
  }

  @Test
  void rivals_cannot_share_the_last_place() throws Exception {
    try (ExecutorService rivals = Executors.newFixedThreadPool(4)) {
      List<Callable<Reservation>> tries =
          IntStream.range(0, 40)
              .<Callable<Reservation>>mapToObj(_ -> () -> reserve(false))
              .toList();
      long granted = 0;
      for (Future<Reservation> result : rivals.invokeAll(tries)) {
        granted += result.get() instanceof Reservation.Granted ? 1 : 0;
      }
      assertThat(granted).isEqualTo(LIMIT);
    }
  }

  @Test
  void fault_23_the_budget_outlives_every_process() {
    IntStream.range(0, LIMIT).forEach(_ -> reserve(false));
    recoveries = new Recoveries(database.database());
    assertThat(reserve(false)).isEqualTo(new Reservation.Refused("10 in an hour"));
  }

  @Test
  void a_day_has_twice_the_budget_of_an_hour() {
    for (int hour = 0; hour < 4; hour++) {
      IntStream.range(0, LIMIT / 2).forEach(_ -> granted(reserve(false)));
      pass(Duration.ofMinutes(61));
    }
    assertThat(reserve(false)).isEqualTo(new Reservation.Refused("20 in a day"));
    pass(Duration.ofHours(20));
    granted(reserve(false));
  }

  @Test
  void fault_24_the_third_long_life_in_a_row_without_a_finished_line_is_the_last() {
    granted(reserve(fruitless(true)));
    pass(Duration.ofMinutes(66));
    granted(reserve(fruitless(true)));
    pass(Duration.ofMinutes(66));
    granted(reserve(fruitless(false)));
    pass(Duration.ofMinutes(66));
    granted(reserve(fruitless(true)));
    pass(Duration.ofMinutes(66));
    granted(reserve(fruitless(true)));
    pass(Duration.ofMinutes(66));
    assertThat(reserve(fruitless(true)))
        .isEqualTo(new Reservation.Refused("3 in a row without a finished line"));
    granted(reserve(true));
    granted(reserve(fruitless(true)));
  }

  @Test
  void fault_25_deaths_that_close_in_on_a_poison_line_are_free_within_bounds() {
    IntStream.range(0, LIMIT).forEach(_ -> granted(reserve(false)));
    IntStream.range(0, 60).forEach(_ -> granted(reserve(poison())));
    assertThat(reserve(poison())).isEqualTo(new Reservation.Refused("10 in an hour"));
  }

  @Test
  void fault_25_any_number_of_poison_lines_that_are_found_within_bounds_leaves_the_budget_whole() {
    int lines = 2 * LIMIT;
    for (int line = 0; line < lines; line++) {
      granted(reserve(false));
      granted(reserve(convicting()));
    }
    assertThat(counted()).isZero();
  }

  @Test
  void fault_25_a_found_line_refunds_one_death_of_its_worker_and_no_older_planned_or_fruitless() {
    granted(reserve(false));
    pass(Duration.ofMinutes(61));
    granted(recoveries.reserve("h", draft("h/1", false), BUDGET));
    granted(reserve(true));
    granted(reserve(fruitless(true)));
    granted(reserve(convicting()));
    assertThat(counted()).as("nothing to refund").isEqualTo(3);

    granted(reserve(false));
    granted(reserve(false));
    granted(reserve(convicting()));
    assertThat(counted()).as("one of two").isEqualTo(4);
  }

  @Test
  void fault_25_refunds_are_bounded_as_the_free_deaths_are() {
    IntStream.range(0, 59).forEach(_ -> granted(reserve(poison())));
    granted(reserve(false));
    granted(reserve(convicting()));
    assertThat(counted()).as("the free ones are used up by the death itself").isEqualTo(1);
  }

  @Test
  void a_free_death_is_none_of_a_row_without_a_finished_line() {
    IntStream.range(0, 3).forEach(_ -> granted(reserve(draft("h/0", false, true, false, true))));
    granted(reserve(fruitless(true)));
    granted(reserve(fruitless(true)));
  }

  static List<Long> seeds() {
    return new Random(5).longs(10).boxed().toList();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @DisplayName("I5: at most ten unplanned starts in any hour, whatever is asked and whenever")
  void no_hour_has_more_than_ten_unplanned_starts(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 120; i++) {
      switch (random.nextInt(7)) {
        case 0 -> pass(Duration.ofMinutes(random.nextInt(40)));
        case 1 -> reserve(true);
        case 2 -> reserve(poison());
        case 3 -> reserve(convicting());
        case 4 -> recoveries = new Recoveries(database.database());
        default -> reserve(fruitless(random.nextInt(8) == 0));
      }
    }
    int most =
        database
            .jdbc()
            .sql(
                """
                SELECT max((SELECT count(*) FROM recovery b
                            WHERE NOT b.planned AND NOT b.poison
                              AND b.reserved_at > a.reserved_at - interval '1 hour' AND b.reserved_at <= a.reserved_at))
                FROM recovery a
                """)
            .query(Integer.class)
            .single();
    assertThat(most).isBetween(1, LIMIT);
  }

  /** As if it had: all that was written moves into the past. */
  private static void pass(Duration time) {
    database
        .jdbc()
        .sql("UPDATE recovery SET reserved_at = reserved_at - :seconds * interval '1 second'")
        .param("seconds", time.toSeconds())
        .update();
  }

  private static int counted() {
    return database
        .jdbc()
        .sql("SELECT count(*) FROM recovery WHERE NOT planned AND NOT poison")
        .query(Integer.class)
        .single();
  }

  private static Reservation.Granted granted(Reservation reservation) {
    assertThat(reservation).isInstanceOf(Reservation.Granted.class);
    return (Reservation.Granted) reservation;
  }

  private Reservation reserve(boolean planned) {
    return reserve(draft("h/0", planned));
  }

  private Reservation reserve(RecoveryDraft draft) {
    return recoveries.reserve("h", draft, BUDGET);
  }

  private static RecoveryDraft draft(String worker, boolean planned) {
    return draft(worker, planned, false, false, false);
  }

  private static RecoveryDraft poison() {
    return draft("h/0", false, true, false, false);
  }

  /** The death that makes a suspected line a certain one. */
  private static RecoveryDraft convicting() {
    return draft("h/0", false, true, true, false);
  }

  private static RecoveryDraft fruitless(boolean fruitless) {
    return draft("h/0", false, false, false, fruitless);
  }

  private static RecoveryDraft draft(
      String worker, boolean planned, boolean poison, boolean convicted, boolean fruitless) {
    return new RecoveryDraft(
        worker,
        planned,
        poison,
        convicted,
        fruitless,
        "signal KILL",
        "it was there",
        Optional.of("incidents/1"),
        Optional.of(137),
        Optional.of(11L),
        3,
        Duration.ofMillis(1500),
        Optional.of(Duration.ofMillis(1)),
        Optional.of(Duration.ofMillis(2)),
        Optional.of(Duration.ofMillis(3)));
  }
}
