package dev.stoker.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.testing.Rows;
import dev.stoker.testing.TestDatabase;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WorkerSlotTableTest {

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration MOMENT = Duration.ofSeconds(20);

  private final Rows rows = new Rows(database);
  private WorkerSlotTable slots;

  @BeforeEach
  void open() {
    slots = new WorkerSlotTable(database.jdbc());
  }

  @ParameterizedTest
  @EnumSource
  void a_slot_is_read_as_it_was_described(SlotState state) {
    slots.describe("host/0", "host", state, "because", 4711);
    SlotView slot = slot();
    assertThat(slot.worker()).isEqualTo("host/0");
    assertThat(slot.host()).isEqualTo("host");
    assertThat(slot.state()).isEqualTo(state);
    assertThat(slot.reason()).isEqualTo("because");
    assertThat(slot.since()).isBetween(Duration.ZERO, MOMENT);
    assertThat(slot.sinceSeen()).isBetween(Duration.ZERO, MOMENT);
    assertThat(slot.respawnsInWindow()).isZero();
    assertThat(slot.watchdogPid()).isEqualTo(4711);
  }

  @Test
  void a_slot_is_described_in_place() {
    slots.describe("host/0", "host", SlotState.RUNNING, "", 1);
    slots.describe("host/0", "moved", SlotState.GAVE_UP, "crash loop", 2);
    assertThat(slots.all()).hasSize(1);
    assertThat(slot().host()).isEqualTo("moved");
    assertThat(slot().reason()).isEqualTo("crash loop");
    assertThat(rows.value(Long.class, "SELECT watchdog_pid FROM worker_slot")).isEqualTo(2);
  }

  @Test
  void since_stands_still_while_the_state_does_and_the_look_is_fresh() {
    slots.describe("host/0", "host", SlotState.RUNNING, "", 1);
    hourPasses();
    slots.describe("host/0", "host", SlotState.RUNNING, "still", 1);
    assertThat(slot().since()).isBetween(Duration.ofHours(1), Duration.ofHours(1).plus(MOMENT));
    assertThat(slot().sinceSeen()).isBetween(Duration.ZERO, MOMENT);
    assertThat(slot().reason()).isEqualTo("still");
  }

  @Test
  void since_moves_with_the_state() {
    slots.describe("host/0", "host", SlotState.RUNNING, "", 1);
    hourPasses();
    slots.describe("host/0", "host", SlotState.SUSPECT, "", 1);
    assertThat(slot().since()).isBetween(Duration.ZERO, MOMENT);
  }

  @Test
  void a_slot_that_nobody_looks_at_grows_old() {
    slots.describe("host/0", "host", SlotState.RUNNING, "", 1);
    hourPasses();
    assertThat(slot().sinceSeen()).isBetween(Duration.ofHours(1), Duration.ofHours(1).plus(MOMENT));
  }

  @Test
  void only_unplanned_respawns_of_the_last_hour_count_and_only_its_own() {
    slots.describe("host/0", "host", SlotState.RUNNING, "", 1);
    slots.describe("host/1", "host", SlotState.RUNNING, "", 1);
    rows.recovery("host/0", false, Duration.ZERO);
    rows.recovery("host/0", false, Duration.ofMinutes(59));
    rows.recovery("host/0", false, Duration.ofMinutes(61));
    rows.recovery("host/0", true, Duration.ZERO);
    rows.recovery("host/1", false, Duration.ZERO);
    assertThat(slots.all())
        .extracting(SlotView::worker, SlotView::respawnsInWindow)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("host/0", 2),
            org.assertj.core.groups.Tuple.tuple("host/1", 1));
  }

  @Test
  void a_wish_stays_until_it_is_granted_and_a_newer_one_outlives_an_older() {
    slots.describe("host/0", "host", SlotState.GAVE_UP, "crash loop", 1);
    assertThat(slots.ask("host/0", SlotWish.RESUME)).isTrue();
    assertThat(slots.all()).extracting(SlotView::wish).containsExactly(SlotWish.RESUME);
    slots.describe("host/0", "host", SlotState.STARTING, "", 1);
    assertThat(slots.all()).extracting(SlotView::wish).containsExactly(SlotWish.RESUME);

    slots.ask("host/0", SlotWish.RESTART);
    slots.granted("host/0", SlotWish.RESUME);
    assertThat(slots.all()).extracting(SlotView::wish).containsExactly(SlotWish.RESTART);
    slots.granted("host/0", SlotWish.RESTART);
    assertThat(slots.all()).extracting(SlotView::wish).containsExactly(SlotWish.NONE);
  }

  @Test
  void nothing_is_asked_of_a_slot_that_is_not_there() {
    assertThat(slots.ask("nobody/0", SlotWish.RESUME)).isFalse();
  }

  @Test
  void a_gpu_fault_is_shown_with_its_age_until_the_gpu_is_well() {
    slots.describe("host/0", "host", SlotState.RUNNING, "", 1);
    slots.describe("host/1", "host", SlotState.RUNNING, "", 1);
    slots.gpuFault("host/0", "GPU 0 of host is unhealthy: Xid 79", Duration.ofHours(1));
    assertThat(slot().gpuFault())
        .hasValueSatisfying(
            fault -> {
              assertThat(fault.reason()).isEqualTo("GPU 0 of host is unhealthy: Xid 79");
              assertThat(fault.age())
                  .isBetween(Duration.ofHours(1), Duration.ofHours(1).plus(MOMENT));
            });
    assertThat(slots.all().getLast().gpuFault()).isEmpty();
    slots.describe("host/0", "host", SlotState.GAVE_UP, "", 1);
    assertThat(slot().gpuFault()).isPresent();
    slots.gpuFault("host/0", "", Duration.ZERO);
    assertThat(slot().gpuFault()).isEmpty();
  }

  private void hourPasses() {
    database
        .jdbc()
        .sql(
            "UPDATE worker_slot SET since = since - interval '1 h', seen_at = seen_at - interval '1"
                + " h'")
        .update();
  }

  private SlotView slot() {
    return slots.all().getFirst();
  }
}
