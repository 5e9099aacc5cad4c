package dev.stoker.watchdog.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.health.Gate;
import dev.stoker.health.GpuReading;
import dev.stoker.health.GpuTable;
import dev.stoker.health.RespawnLimits;
import dev.stoker.health.SlotState;
import dev.stoker.health.SlotView;
import dev.stoker.health.SlotWish;
import dev.stoker.health.WorkerHeartbeatTable;
import dev.stoker.health.WorkerSlotTable;
import dev.stoker.settings.Settings;
import dev.stoker.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class WishCommandTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  /** Each look at it takes three seconds. */
  private final AtomicLong now = new AtomicLong();

  @Test
  void only_slots_that_wait_for_a_person_are_resumed() {
    slot("h/0", SlotState.GAVE_UP);
    slot("h/1", SlotState.RUNNING);
    slot("h/2", SlotState.QUARANTINED);
    Answer answer = wish(SlotWish.RESUME).run();
    assertThat(wishes()).containsExactly(SlotWish.RESUME, SlotWish.NONE, SlotWish.RESUME);
    assertThat(answer.status()).isEqualTo(Answer.FAILED);
    assertThat(answer.text()).contains("h/0: asked to resume", "pid 7", "not taken notice yet");
  }

  @Test
  void a_slot_that_runs_is_not_resumed_even_by_name() {
    slot("h/1", SlotState.RUNNING);
    Answer answer = wish(SlotWish.RESUME, "1").run();
    assertThat(wishes()).containsExactly(SlotWish.NONE);
    assertThat(answer.status()).isEqualTo(Answer.FAILED);
    assertThat(JsonText.of(answer.data()))
        .isEqualTo(
            "{\"slots\":[{\"worker\":\"h/1\",\"outcome\":\"refused\",\"state\":\"running\",\"reason\":\"\"}]}");
  }

  @Test
  void what_the_watchdog_has_noticed_is_said() {
    slot("h/0", SlotState.RUNNING);
    WishCommand command =
        new WishCommand(table(), SlotWish.RESTART, List.of("h/0"), this::noticedMeanwhile);
    Answer answer = command.run();
    assertThat(answer.status()).isEqualTo(Answer.DONE);
    assertThat(answer.text()).isEqualTo("h/0: its watchdog has taken notice; now running");
  }

  @Test
  void a_name_must_mean_one_slot() {
    slot("a/0", SlotState.RUNNING);
    slot("b/0", SlotState.RUNNING);
    assertThatThrownBy(() -> wish(SlotWish.RESTART, "0").run())
        .isInstanceOf(Misused.class)
        .hasMessageContaining("several slots 0; there are: a/0, b/0");
    assertThatThrownBy(() -> wish(SlotWish.RESTART, "c/0").run())
        .hasMessageContaining("no slot c/0");
    assertThat(wishes()).containsOnly(SlotWish.NONE);
  }

  @Test
  void status_tells_of_each_slot_and_of_the_gate() {
    slot("h/0", SlotState.GAVE_UP);
    new WorkerHeartbeatTable(database.jdbc()).reserve("h/0", "h");
    Answer status = status();
    assertThat(status.text())
        .contains("new batches: refused, Worker offline: the supervisor gave up on it (why)")
        .containsPattern("h/0 +gave_up +0s +- +- +0 +0 +0 of 10 +7, 0s +why")
        .contains("last recovery: there was none yet");
    assertThat(JsonText.of(status.data()))
        .startsWith("{\"gate\":{\"open\":false,\"reason\":\"Worker offline")
        .contains("\"worker\":\"h/0\"", "\"restarts_left\":10", "\"last_recovery\":null");
  }

  @Test
  void status_has_a_line_for_each_gpu() {
    gpus();
    Answer status = status();
    assertThat(status.text())
        .containsPattern("h 0 +Stub 9000 +40960 of 81920 MiB +97 % +61 °C +250 W +0s\\n")
        .containsPattern("h 1 +- +- +- +- +- +0s +Xid 79\\n");
    assertThat(JsonText.of(status.data()))
        .contains(
            "\"memory_used_bytes\":42949672960,\"memory_total_bytes\":85899345920,"
                + "\"utilisation_percent\":97,\"temperature_c\":61,\"power_mw\":250000,\"fault\":\"\"",
            "\"power_mw\":null,\"fault\":\"Xid 79\"");
  }

  @Test
  void status_without_gpus_does_not_speak_of_them() {
    slot("h/0", SlotState.RUNNING);
    assertThat(status().text()).doesNotContain("GPU");
    assertThat(JsonText.of(status().data())).contains("\"gpus\":[]", "\"gpu_fault\":null");
  }

  @Test
  void the_doctor_finds_a_broken_gpu() {
    gpus();
    Answer answer =
        new DoctorCommand(
                database.settings(),
                database.database(),
                new Gate(Duration.ofSeconds(60)),
                Path.of("."),
                new Paint(false))
            .run();
    assertThat(answer.text())
        .containsPattern(
            "GPU 0 of h +good +Stub 9000, 40960 of 81920 MiB, 61 °C, 250 W, seen 0s ago\\n")
        .containsPattern("GPU 1 of h +bad +-, -, -, -, seen 0s ago; unhealthy: Xid 79");
    assertThat(answer.status()).isEqualTo(Answer.FAILED);
  }

  @Test
  void recoveries_say_what_each_step_took() {
    database
        .jdbc()
        .sql(
            """
            INSERT INTO recovery (worker, planned, cause, exit_status, leases_returned, detected_at, fence_ms, kill_ms,
                                  confirm_ms, ready_at)
            VALUES ('h/0', false, 'signal KILL', 137, 3, to_timestamp(100), 4, 5, 6, to_timestamp(101.5))
            """)
        .update();
    Answer answer = new RecoveriesCommand(database.jdbc(), 5).run();
    assertThat(answer.text())
        .containsPattern("h/0 +unplanned +137 +3 +4 ms +5 ms +6 ms +1500 ms +signal KILL");
    assertThat(JsonText.of(answer.data()))
        .contains(
            "\"exit_status\":137", "\"ready_ms\":1500", "\"detected_at\":\"1970-01-01T00:01:40Z\"");
  }

  private static void gpus() {
    OptionalLong unknown = OptionalLong.empty();
    new GpuTable(database.jdbc())
        .write(
            "h",
            List.of(
                new GpuReading(
                    0,
                    "GPU-0",
                    "Stub 9000",
                    OptionalLong.of(40L << 30),
                    OptionalLong.of(80L << 30),
                    OptionalLong.of(97),
                    OptionalLong.of(61),
                    OptionalLong.of(250_000),
                    ""),
                new GpuReading(1, "", "", unknown, unknown, unknown, unknown, unknown, "Xid 79")),
            Duration.ZERO);
  }

  private static Answer status() {
    Settings settings = new Settings(Map.of());
    return new StatusCommand(
            database.jdbc(), Gate.from(settings), RespawnLimits.from(settings), new Paint(false))
        .run();
  }

  private WishCommand wish(SlotWish wish, String... names) {
    return new WishCommand(
        table(), wish, List.of(names), () -> now.addAndGet(Duration.ofSeconds(3).toNanos()));
  }

  /** The clock of a command during whose wait the watchdog does its part. */
  private long noticedMeanwhile() {
    table().granted("h/0", SlotWish.RESTART);
    return 0;
  }

  private static void slot(String worker, SlotState state) {
    String reason = state == SlotState.RUNNING ? "" : "why";
    table().describe(worker, worker.substring(0, 1), state, reason, 7);
  }

  private static List<SlotWish> wishes() {
    return table().all().stream().map(SlotView::wish).toList();
  }

  private static WorkerSlotTable table() {
    return new WorkerSlotTable(database.jdbc());
  }
}
