package dev.stoker.watchdog.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.health.WorkerId;
import dev.stoker.watchdog.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchedProcessTest {

  private static final int SLOTS = 4;
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir Path directory;

  private final List<Launcher> launchers = new ArrayList<>();

  @AfterEach
  void leave_nothing_behind() {
    launchers.forEach(launcher -> IntStream.range(0, SLOTS).forEach(launcher::tidy));
  }

  @Test
  void the_end_of_a_child_is_told_with_its_status() throws Exception {
    CountDownLatch told = new CountDownLatch(1);
    WatchedProcess process = shell("exit 7", told::countDown);
    assertThat(told.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(process.end().orElseThrow().status()).contains(new ExitStatus(7, 0, false));
  }

  @Test
  void a_killed_child_is_told_from_one_that_exits_137() throws Exception {
    WatchedProcess exited = shell("exit 137", () -> {});
    WatchedProcess killed = shell("kill -9 $$", () -> {});
    awaitEnd(exited);
    awaitEnd(killed);
    assertThat(killed.end().orElseThrow().status()).contains(new ExitStatus(0, 9, false));
    // Older kernels do not tell; there both read as the signal.
    assertThat(exited.end().orElseThrow().status().orElseThrow().value()).isEqualTo(137);
  }

  @Test
  void a_stranger_is_adopted_by_its_identity_alone() throws Exception {
    WatchedProcess child = shell("sleep 60", () -> {});
    ProcessIdentity identity = child.identity();
    assertThat(
            adopt(
                new ProcessIdentity(identity.pid(), identity.startTicks() + 1, identity.bootId())))
        .isEmpty();
    assertThat(adopt(new ProcessIdentity(identity.pid(), identity.startTicks(), "another boot")))
        .isEmpty();
    WatchedProcess adopted = adopt(identity).orElseThrow();
    assertThat(adopted.end()).isEmpty();
    child.kill();
    awaitEnd(adopted);
    assertThat(adopt(identity)).isEmpty();
  }

  @Test
  void the_death_of_a_stranger_is_seen_with_its_status() throws Exception {
    Path pidFile = directory.resolve("pid");
    // Its parent leaves, so that it is nobody's child here.
    awaitEnd(
        shell(
            "setsid sh -c 'echo $$ > " + pidFile + "; read x < " + fifo() + "; exit 9' &",
            () -> {}));
    Patience.until("the stranger says its pid", SOON, () -> !read(pidFile).isEmpty());
    long pid = Long.parseLong(read(pidFile));
    ProcessTable.Entry entry = ProcessTable.find(pid).orElseThrow();
    WatchedProcess stranger =
        adopt(new ProcessIdentity(pid, entry.startTicks(), ProcessTable.bootId())).orElseThrow();
    Files.writeString(directory.resolve("fifo"), "go\n");
    awaitEnd(stranger);
    assertThat(stranger.end().orElseThrow().status()).contains(new ExitStatus(9, 0, false));
  }

  @Test
  void a_zombie_is_dead() throws Exception {
    Path pidFile = directory.resolve("pid");
    // A shell that does not wait for its child leaves it a zombie.
    WatchedProcess parent = shell("sh -c 'echo $$ > " + pidFile + "' & exec sleep 60", () -> {});
    Patience.until("a zombie", SOON, () -> !read(pidFile).isEmpty() && stateOf(pidFile) == 'Z');
    long pid = Long.parseLong(read(pidFile));
    ProcessTable.Entry entry = ProcessTable.find(pid).orElseThrow();
    assertThat(adopt(new ProcessIdentity(pid, entry.startTicks(), ProcessTable.bootId())))
        .isEmpty();
    parent.kill();
  }

  @Test
  void a_stopped_process_ends_when_asked() throws Exception {
    WatchedProcess process = shell("kill -STOP $$; sleep 60", () -> {});
    Patience.until(
        "stopped",
        SOON,
        () ->
            ProcessTable.find(process.identity().pid()).filter(e -> e.state() == 'T').isPresent());
    process.terminate();
    awaitEnd(process);
    assertThat(process.end().orElseThrow().status()).contains(new ExitStatus(0, 15, false));
  }

  @Test
  void a_tree_is_killed_with_those_who_left_its_session() throws Exception {
    Path pids = directory.resolve("pids");
    Launcher launcher =
        launcher(
            "sleep 61 & echo $! >> %1$s; setsid sleep 62 & echo $! >> %1$s; sleep 63"
                .formatted(pids));
    WatchedProcess leader = launcher.start(new WorkerId("test/0", 1), 0, () -> {});
    ProcessTree tree = launcher.treeOfChild(leader, 0);
    Patience.until("two descendants", SOON, () -> read(pids).lines().count() == 2);
    tree.remember();
    leader.kill();
    awaitEnd(leader);
    assertThat(tree.gone()).isFalse();
    Patience.until(
        "the tree is gone",
        SOON,
        () -> {
          tree.kill();
          return tree.gone();
        });
    assertThat(read(pids).lines().map(Long::parseLong).filter(WatchedProcessTest::lives)).isEmpty();
  }

  @Test
  void output_goes_to_the_console_log_of_the_slot() throws Exception {
    Launcher launcher =
        launcher("echo $STOKER_WORKER_NAME $STOKER_WORKER_INCARNATION; echo oops >&2");
    awaitEnd(launcher.start(new WorkerId("test/3", 4), 3, () -> {}));
    assertThat(launcher.console(3).tail(20)).containsExactly("test/3 4", "oops");
    assertThat(launcher.console(3).tail(1)).containsExactly("oops");
    assertThat(launcher.console(9).tail(1)).isEmpty();
  }

  private Launcher launcher(String script) throws IOException {
    Path file = directory.resolve("worker.sh");
    Files.writeString(file, script);
    Launcher launcher =
        new Launcher(
            new WorkerCommand(List.of("sh", file.toString()), directory),
            WorkerResources.ALL,
            new Launcher.Places(directory, directory.resolve("logs")),
            System::nanoTime);
    launchers.add(launcher);
    return launcher;
  }

  private Path fifo() throws IOException, InterruptedException {
    Path fifo = directory.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    return fifo;
  }

  private static WatchedProcess shell(String script, Runnable ended) throws IOException {
    return WatchedProcess.ofChild(
        new ProcessBuilder("sh", "-c", script).start(), System::nanoTime, ended);
  }

  private static Optional<WatchedProcess> adopt(ProcessIdentity identity) {
    return WatchedProcess.adopt(identity, System::nanoTime, () -> {});
  }

  private static void awaitEnd(WatchedProcess process) {
    Patience.until("it ends", SOON, () -> process.end().isPresent());
  }

  private static boolean lives(long pid) {
    return ProcessTable.find(pid).filter(entry -> entry.state() != 'Z').isPresent();
  }

  private static char stateOf(Path pidFile) {
    return ProcessTable.find(Long.parseLong(read(pidFile)))
        .map(ProcessTable.Entry::state)
        .orElse('?');
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file).strip() : "";
    } catch (IOException e) {
      return "";
    }
  }
}
