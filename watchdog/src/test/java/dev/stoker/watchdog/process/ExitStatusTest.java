package dev.stoker.watchdog.process;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExitStatusTest {

  @Test
  void an_exit_code_reads_as_such() {
    assertThat(ExitStatus.ofWaitStatus(3 << 8).text()).isEqualTo("exit 3");
    assertThat(ExitStatus.ofWaitStatus(3 << 8).value()).isEqualTo(3);
    assertThat(ExitStatus.ofWaitStatus(75 << 8).returned(ExitStatus.FENCED)).isTrue();
    assertThat(ExitStatus.ofExitValue(0).returned(0)).isTrue();
  }

  @Test
  void a_signal_reads_by_its_name() {
    assertThat(ExitStatus.ofWaitStatus(9).text()).isEqualTo("signal KILL");
    assertThat(ExitStatus.ofWaitStatus(9).value()).isEqualTo(137);
    assertThat(ExitStatus.ofWaitStatus(11 | 0x80).text()).isEqualTo("signal SEGV, core dumped");
    assertThat(ExitStatus.ofExitValue(143).text()).isEqualTo("signal TERM");
    assertThat(ExitStatus.ofWaitStatus(34).text()).isEqualTo("signal 34");
  }

  @Test
  void the_kernel_tells_exit_137_from_a_kill() {
    assertThat(ExitStatus.ofWaitStatus(137 << 8).text()).isEqualTo("exit 137");
    assertThat(ExitStatus.ofWaitStatus(9)).isNotEqualTo(ExitStatus.ofWaitStatus(137 << 8));
  }
}
