package dev.stoker.watchdog.process;

import static dev.stoker.watchdog.process.ScriptedWorkers.SOON;
import static dev.stoker.watchdog.process.ScriptedWorkers.identity;
import static dev.stoker.watchdog.process.ScriptedWorkers.lives;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.watchdog.Patience;
import dev.stoker.watchdog.process.ScriptedWorkers.Worker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes that are neither quite alive nor quite dead, or that are others than they were. */
class KernelFaultsTest {

  private static final Duration A_WHILE = Duration.ofMillis(500);
  private static final int TRIES_MAX = 50;
  private static final int LOOKS_IN_A_ROW = 40;

  @RegisterExtension final ScriptedWorkers workers = new ScriptedWorkers();

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void fault_9_what_hangs_in_the_kernel_is_not_dead_until_it_is(boolean grouped) throws Exception {
    try (FrozenDisk disk = FrozenDisk.create(workers.directory())) {
      Worker worker = start(grouped, "echo x > " + disk.file());
      ProcessIdentity identity = worker.process().identity();
      awaitState(identity, ProcessState.UNINTERRUPTIBLE);
      worker.tree().kill();
      Patience.whilst("it is not dead", A_WHILE, () -> !dead(worker));
      assertThat(ProcessTable.describe(identity)).startsWith("state D in ");
      assertThat(WatchedProcess.adopt(identity, System::nanoTime, () -> {})).isPresent();
      disk.thaw();
      Patience.until("it dies of the signal it had", SOON, () -> dead(worker));
      assertThat(worker.process().end().orElseThrow().status())
          .contains(new ExitStatus(0, 9, false));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void fault_10_a_zombie_one_thread_of_which_hangs_is_not_dead(boolean grouped) throws Exception {
    try (FrozenDisk disk = FrozenDisk.create(workers.directory())) {
      String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      Worker worker =
          start(
              grouped,
              "exec %s -Xmx32m -XX:+UseSerialGC -cp %s %s %s"
                  .formatted(
                      java,
                      System.getProperty("java.class.path"),
                      WritingJvm.class.getName(),
                      disk.file()));
      ProcessIdentity identity = worker.process().identity();
      awaitState(identity, ProcessState.UNINTERRUPTIBLE);
      worker.tree().kill();
      Patience.until("its first thread is a zombie", SOON, () -> letter(identity) == 'Z');
      Patience.whilst("it is not dead", A_WHILE, () -> !dead(worker));
      assertThat(ProcessTable.stateOf(identity)).isEqualTo(ProcessState.UNINTERRUPTIBLE);
      assertThat(ProcessTable.describe(identity)).matches("state Z, thread \\d+ in state D in .+");
      assertThat(WatchedProcess.adopt(identity, System::nanoTime, () -> {})).isPresent();
      disk.thaw();
      Patience.until("it dies of the signal it had", SOON, () -> dead(worker));
    }
  }

  @Test
  void fault_11_the_zombie_of_another_parent_is_dead() throws Exception {
    Worker parent = start(false, "sh -c 'echo $$ > zombie' & exec sleep 300");
    Patience.until("a zombie", SOON, () -> letterOf("zombie") == 'Z');
    ProcessIdentity zombie = identity(workers.pids("zombie").getFirst());
    assertThat(ProcessTable.stateOf(zombie)).isEqualTo(ProcessState.ZOMBIE);
    assertThat(WatchedProcess.adopt(zombie, System::nanoTime, () -> {})).isEmpty();
    assertThat(parent.process().end()).isEmpty();
  }

  @Test
  void fault_21_a_stranger_who_has_got_the_pid_of_a_dead_worker_is_left_alone() throws Exception {
    Path next = Path.of("/proc/sys/kernel/ns_last_pid");
    assumeTrue(Files.isWritable(next), "only root may say which pid comes next");
    Worker worker = start(false, "setsid sleep 300 & echo $! > child; exec sleep 300");
    Patience.until("its child", SOON, () -> letterOf("child") == 'S');
    ProcessIdentity identity = worker.process().identity();
    ProcessIdentity child = identity(workers.pids("child").getFirst());
    worker.tree().remember();
    worker.process().kill();
    Patience.until("it is dead", SOON, () -> worker.process().end().isPresent());
    long stranger = strangerWithPid(identity.pid());
    assertThat(WatchedProcess.adopt(identity, System::nanoTime, () -> {})).isEmpty();
    assertThat(ProcessTable.stateOf(identity)).isEqualTo(ProcessState.GONE);
    worker.process().terminate();
    worker.process().kill();
    worker.tree().kill();
    Patience.until("the tree is dead", SOON, worker.tree()::gone);
    assertThat(lives(child.pid())).isFalse();
    Patience.whilst("the stranger lives", A_WHILE, () -> lives(stranger));
    ProcessHandle.of(stranger).ifPresent(ProcessHandle::destroyForcibly);
  }

  @Test
  void a_watchdog_without_a_descriptor_left_takes_nobody_for_dead() throws Exception {
    Path output = workers.directory().resolve("output");
    Process process =
        new ProcessBuilder(
                "sh",
                "-c",
                "ulimit -n 512; exec \"$@\"", // each jar of the tests' class path takes one
                "sh",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                ScarceDescriptors.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    process.waitFor();
    assertThat(Files.readAllLines(output))
        .contains(
            "at first: adopted true, gone false",
            "then: adopted unknown, gone false",
            "killed in vain: adopted unknown, gone false",
            "a child: refused",
            "in the end: adopted false, gone true");
  }

  @Test
  void a_thread_of_another_process_is_no_process() {
    long thread = ProcessTable.threadsOf(ProcessHandle.current().pid()).getLast().pid();
    assertThat(Kernel.open(thread)).isEmpty();
    assertThat(Kernel.open(-1)).isEmpty();
  }

  /** Nobody else may fork in the moment between; so it may take some tries. */
  private static long strangerWithPid(long pid) throws Exception {
    Optional<Process> stranger = Optional.empty();
    for (int i = 0; i < TRIES_MAX && stranger.isEmpty(); i++) {
      Process shell =
          new ProcessBuilder(
                  "sh",
                  "-c",
                  "echo " + (pid - 1) + " > /proc/sys/kernel/ns_last_pid; sleep 300 & wait")
              .start();
      Patience.until("it has a child", SOON, () -> shell.children().findAny().isPresent());
      long got = shell.children().findAny().orElseThrow().pid();
      if (got == pid) {
        stranger = Optional.of(shell);
      } else {
        shell.children().forEach(ProcessHandle::destroyForcibly);
        shell.destroyForcibly().waitFor();
      }
    }
    assumeTrue(stranger.isPresent(), "others fork too fast here for a pid to be had again");
    return pid;
  }

  private Worker start(boolean grouped, String script) throws Exception {
    return workers.start(grouped ? workers.grouped(script) : workers.ungrouped(script));
  }

  private static boolean dead(Worker worker) {
    return worker.process().end().isPresent() && worker.tree().gone();
  }

  /** For some looks in a row: any process waits for its disk now and then. */
  private static void awaitState(ProcessIdentity process, ProcessState state) {
    AtomicInteger looks = new AtomicInteger();
    Patience.until(
        "it is " + state,
        SOON,
        () ->
            (ProcessTable.stateOf(process) == state ? looks.incrementAndGet() : looks.getAndSet(0))
                >= LOOKS_IN_A_ROW,
        () -> ProcessTable.describe(process));
  }

  private static char letter(ProcessIdentity process) {
    return ProcessTable.find(process.pid()).map(ProcessTable.Entry::state).orElse('?');
  }

  private char letterOf(String file) {
    try {
      return workers.pids(file).stream()
          .flatMap(pid -> ProcessTable.find(pid).stream())
          .map(ProcessTable.Entry::state)
          .findFirst()
          .orElse('?');
    } catch (IOException | NumberFormatException e) {
      return '?'; // half written
    }
  }
}
