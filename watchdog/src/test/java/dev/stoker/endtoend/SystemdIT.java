package dev.stoker.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoker.endtoend.Installation.Finished;
import dev.stoker.testing.Until;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Stoker as services of a real systemd. */
@Tag("systemd")
class SystemdIT {
  private static final Duration SOON = Duration.ofSeconds(6);

  /** Impatient, and with a space in a path; the null engine starts at once. */
  private static final String INSTALL =
      """
      cat >/etc/stoker.env <<X
      STOKER_DATA_DIR=/var/lib/stoker data
      STOKER_LOG_DIR=/var/log/stoker
      STOKER_ENGINE=null
      STOKER_HEARTBEAT_EVERY=500ms
      STOKER_HOST_NAME=it
      X
      mkdir -p /etc/systemd/system/stoker-watchdog.service.d
      printf '[Service]\\nWatchdogSec=5\\nTimeoutAbortSec=2\\nTimeoutStopSec=3\\nEnvironment=STOKER_STOP_GRACE=1s\\n' \
        >/etc/systemd/system/stoker-watchdog.service.d/impatient.conf
      STOKER_JAVA_HOME='%s' STOKER_ENV_FILE=/etc/stoker.env /opt/stoker/scripts/install-service.sh
      """
          .formatted(System.getProperty("java.home"));

  private static BootedSystemd systemd;

  @BeforeAll
  static void install() throws IOException {
    Optional<String> hindrance = BootedSystemd.hindrance();
    assumeTrue(hindrance.isEmpty(), hindrance::get);
    systemd = BootedSystemd.boot();
    Finished installed = systemd.run(INSTALL);
    assertThat(installed.status()).as(installed.output()).isZero();
  }

  @AfterAll
  static void end() {
    if (systemd != null) {
      systemd.close();
    }
  }

  @BeforeEach
  void all_is_up() {
    bash("systemctl start stoker-watchdog");
    Until.within(SOON)
        .holds(() -> !worker().isEmpty() && status().contains("\"state\":\"running\""));
  }

  @Test
  void the_generated_units_run_and_say_how_they_are() {
    assertThat(show("stoker-api", "ActiveState")).isEqualTo("active");
    assertThat(show("stoker-api", "StatusText")).isEqualTo("serves http://127.0.0.1:4080/v1");
    assertThat(show("stoker-watchdog", "ActiveState")).isEqualTo("active");
    Until.within(SOON).holds(() -> show("stoker-watchdog", "StatusText").contains("it/0 running"));
    assertThat(show("stoker-postgres", "ActiveState")).isEqualTo("active");
    assertThat(bash("ps -o user= -p " + worker()).strip()).isEqualTo("stoker");
    assertThat(stoker("health")).contains("healthy");
    assertThat(stoker("daemon status")).contains("pid " + main(), "by systemd");
  }

  @Test
  @DisplayName("fault 17: the worker of a killed watchdog goes on and is adopted")
  void fault_17_the_worker_of_a_killed_watchdog_goes_on_and_is_adopted() {
    String worker = worker();
    String killed = main();
    bash("kill -KILL " + killed);
    awaitAnother(killed);
    assertThat(worker()).isEqualTo(worker);
    awaitAdopted(worker);
  }

  @Test
  void a_restart_by_the_command_line_disturbs_no_worker() {
    String worker = worker();
    String before = main();
    assertThat(stoker("daemon restart")).contains("watchdog runs");
    assertThat(main()).isNotEqualTo(before);
    assertThat(worker()).isEqualTo(worker);
    awaitAdopted(worker);
  }

  @Test
  @DisplayName(
      "fault 18: a watchdog that hangs shows its threads, is replaced, and its worker adopted")
  void fault_18_a_watchdog_that_hangs_is_replaced() {
    String worker = worker();
    String hung = main();
    bash("kill -STOP " + hung);
    awaitAnother(hung);
    assertThat(bash("journalctl -u stoker-watchdog --no-pager -o cat"))
        .contains("Watchdog timeout", "with signal SIGQUIT", "Full thread dump", "\"supervision\"");
    assertThat(worker()).isEqualTo(worker);
    awaitAdopted(worker);
  }

  @Test
  @DisplayName("fault 36: a stop that hangs leaves no worker")
  void fault_36_a_stop_that_hangs_leaves_no_worker() {
    String stopped =
        bash(
            """
            main=$(systemctl show stoker-watchdog -p MainPID --value)
            # systemd wakes what it ends: so it is put to sleep again and again.
            (while kill -STOP "$main"; do :; done) 2>/dev/null &
            systemctl stop stoker-watchdog
            systemctl show stoker-watchdog -p Result --value
            """);
    assertThat(stopped.strip()).isIn("timeout", "watchdog"); // which patience ends first
    assertThat(worker()).isEmpty();
  }

  @Test
  void a_stop_ends_the_worker_too() {
    bash("systemctl stop stoker-watchdog");
    assertThat(show("stoker-watchdog", "Result")).isEqualTo("success");
    assertThat(worker()).isEmpty();
    assertThat(status()).contains("\"state\":\"stopped\"");
  }

  private static void awaitAnother(String main) {
    Until.within(SOON)
        .holds(
            () -> show("stoker-watchdog", "ActiveState").equals("active") && !main().equals(main));
  }

  private static void awaitAdopted(String worker) {
    Until.within(SOON)
        .holds(
            () ->
                status().contains("\"watchdog_pid\":" + main())
                    && status().contains("\"pid\":" + worker)
                    && status().contains("\"state\":\"running\""));
  }

  private static String status() {
    return stoker("status --json");
  }

  private static String stoker(String arguments) {
    return bash("STOKER_ENV_FILE=/etc/stoker.env /opt/stoker/scripts/stoker " + arguments);
  }

  private static String main() {
    return show("stoker-watchdog", "MainPID");
  }

  private static String worker() {
    return bash("pgrep -u stoker -f worker[.]jar").strip();
  }

  private static String show(String unit, String property) {
    return bash("systemctl show " + unit + " -p " + property + " --value").strip();
  }

  private static String bash(String script) {
    return systemd.run(script).output();
  }
}
