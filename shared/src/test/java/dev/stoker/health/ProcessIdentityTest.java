package dev.stoker.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class ProcessIdentityTest {

  @Test
  void this_process_is_itself_however_it_is_asked() {
    ProcessIdentity identity = ProcessIdentity.ofThisProcess();
    assertThat(identity.pid()).isEqualTo(ProcessHandle.current().pid());
    assertThat(ProcessIdentity.ofPid(identity.pid())).contains(identity);
    assertThat(identity.startTicks()).isPositive();
    assertThat(identity.bootId()).matches("[0-9a-f-]{36}");
  }

  @Test
  void a_child_started_after_its_parent() throws IOException {
    Process child = new ProcessBuilder("cat").start();
    try {
      assertThat(ProcessIdentity.ofPid(child.pid()).orElseThrow().startTicks())
          .isGreaterThanOrEqualTo(ProcessIdentity.ofThisProcess().startTicks());
    } finally {
      child.destroyForcibly();
    }
  }

  @Test
  void there_is_no_process_beyond_the_largest_pid() {
    assertThat(ProcessIdentity.ofPid(1L << 40)).isEmpty();
  }
}
