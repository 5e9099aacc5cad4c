package dev.stoker.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class GateTest {

  private static final Gate GATE = new Gate(Duration.ofSeconds(60));
  private static final GateDecision OPEN = new GateDecision.Open();

  static Stream<Arguments> cases() {
    return Stream.of(
        Arguments.of("no worker at all", List.of(), List.of(), "Worker offline (never seen)"),
        Arguments.of("fresh", List.of(seen("a", 0)), List.of(), ""),
        Arguments.of("60 s old", List.of(seen("a", 60)), List.of(), ""),
        Arguments.of(
            "61 s old", List.of(seen("a", 61)), List.of(), "Worker offline (last seen 61s ago)"),
        Arguments.of(
            "73 s old", List.of(seen("a", 73)), List.of(), "Worker offline (last seen 73s ago)"),
        Arguments.of(
            "never seen", List.of(neverSeen("a")), List.of(), "Worker offline (never seen)"),
        Arguments.of("one of two is fresh", List.of(seen("a", 500), seen("b", 1)), List.of(), ""),
        Arguments.of(
            "the younger of two is named",
            List.of(seen("a", 500), seen("b", 90), neverSeen("c")),
            List.of(),
            "Worker offline (last seen 90s ago)"),
        Arguments.of(
            "gave up, though its last beat is fresh",
            List.of(seen("a", 1)),
            List.of(gaveUp("a", "10 restarts in an hour")),
            "Worker offline: the supervisor gave up on it (10 restarts in an hour)"),
        Arguments.of(
            "two workers, one gave up",
            List.of(seen("a", 1), seen("b", 1)),
            List.of(gaveUp("a", "crash loop")),
            ""),
        Arguments.of(
            "two workers, one gave up, the other is silent",
            List.of(seen("a", 1), seen("b", 61)),
            List.of(gaveUp("a", "crash loop")),
            "Worker offline: the supervisor gave up on it (crash loop)"),
        Arguments.of(
            "a slot of which no worker is known gave up",
            List.of(seen("a", 1)),
            List.of(gaveUp("z", "crash loop")),
            ""));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void new_batches_are_taken_while_an_able_worker_is_fresh(
      String name, List<WorkerView> workers, List<SlotView> slots, String reason) {
    assertThat(GATE.decide(workers, slots))
        .as(name)
        .isEqualTo(
            reason.isEmpty() ? OPEN : new GateDecision.Closed(reason, Duration.ofSeconds(10)));
  }

  @ParameterizedTest
  @CsvSource({"60000,false", "60001,true"})
  void a_give_up_is_forgotten_with_the_watchdog_that_said_so(long sinceSeen, boolean open) {
    SlotView slot =
        new SlotView(
            "a",
            "host",
            SlotState.GAVE_UP,
            "crash loop",
            Duration.ofHours(1),
            Duration.ofMillis(sinceSeen),
            10,
            1,
            SlotWish.NONE,
            Optional.empty());
    assertThat(GATE.decide(List.of(seen("a", 1)), List.of(slot)) instanceof GateDecision.Open)
        .isEqualTo(open);
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"GAVE_UP", "QUARANTINED"})
  void no_other_state_of_its_slot_closes_the_gate_on_a_fresh_worker(SlotState state) {
    assertThat(GATE.decide(List.of(seen("a", 1)), List.of(slot("a", state, "")))).isEqualTo(OPEN);
  }

  @ParameterizedTest
  @CsvSource({"59999,true", "60000,true", "60001,false"})
  void freshness_ends_with_the_millisecond(long ageMillis, boolean fresh) {
    assertThat(GATE.fresh(worker("a", Optional.of(Duration.ofMillis(ageMillis))), List.of()))
        .isEqualTo(fresh);
  }

  @Test
  void a_worker_never_seen_is_not_fresh() {
    assertThat(GATE.fresh(neverSeen("a"), List.of())).isFalse();
  }

  @Test
  void a_busy_worker_is_as_good_as_an_idle_one() {
    WorkerView busy =
        new WorkerView(
            new WorkerId("a", 1),
            "host",
            Optional.empty(),
            WorkerStatus.READY,
            List.of("m"),
            "m",
            100_000,
            5,
            5,
            Optional.of(Duration.ZERO),
            Optional.of(Duration.ofHours(5)),
            ModelSwaps.NONE);
    assertThat(GATE.decide(List.of(busy), List.of())).isEqualTo(OPEN);
  }

  @Test
  void a_quarantined_slot_closes_the_gate_with_its_reason() {
    SlotView slot = slot("a", SlotState.QUARANTINED, "Xid 79");
    assertThat(GATE.decide(List.of(seen("a", 1)), List.of(slot)))
        .isInstanceOfSatisfying(
            GateDecision.Closed.class, closed -> assertThat(closed.reason()).contains("Xid 79"));
  }

  @ParameterizedTest
  @CsvSource({"0,false", "60000,false", "60001,true"})
  void a_worker_with_a_broken_gpu_is_not_fresh_until_nobody_knows_any_more(
      long ageMillis, boolean open) {
    SlotView slot = broken("a", ageMillis);
    assertThat(GATE.fresh(seen("a", 1), List.of(slot))).isEqualTo(open);
    assertThat(GATE.decide(List.of(seen("a", 1)), List.of(slot)))
        .isEqualTo(
            open
                ? OPEN
                : new GateDecision.Closed(
                    "Worker offline: GPU 0 of host is unhealthy: Xid 79", Duration.ofSeconds(10)));
  }

  @Test
  void the_broken_gpu_of_another_worker_closes_no_gate() {
    List<WorkerView> both = List.of(seen("a", 1), seen("b", 1));
    assertThat(GATE.decide(both, List.of(broken("a", 0)))).isEqualTo(OPEN);
    assertThat(GATE.decide(List.of(seen("b", 1)), List.of(broken("a", 0)))).isEqualTo(OPEN);
  }

  private static SlotView broken(String worker, long ageMillis) {
    return new SlotView(
        worker,
        "host",
        SlotState.RUNNING,
        "",
        Duration.ZERO,
        Duration.ZERO,
        0,
        1,
        SlotWish.NONE,
        Optional.of(
            new GpuFault("GPU 0 of host is unhealthy: Xid 79", Duration.ofMillis(ageMillis))));
  }

  private static WorkerView seen(String worker, long seconds) {
    return worker(worker, Optional.of(Duration.ofSeconds(seconds)));
  }

  private static WorkerView neverSeen(String worker) {
    return worker(worker, Optional.empty());
  }

  private static WorkerView worker(String worker, Optional<Duration> age) {
    return new WorkerView(
        new WorkerId(worker, 1),
        "host",
        Optional.empty(),
        WorkerStatus.READY,
        List.of("m"),
        "m",
        0,
        0,
        0,
        age,
        Optional.empty(),
        ModelSwaps.NONE);
  }

  private static SlotView gaveUp(String worker, String reason) {
    return slot(worker, SlotState.GAVE_UP, reason);
  }

  private static SlotView slot(String worker, SlotState state, String reason) {
    return new SlotView(
        worker,
        "host",
        state,
        reason,
        Duration.ZERO,
        Duration.ZERO,
        10,
        1,
        SlotWish.NONE,
        Optional.empty());
  }
}
