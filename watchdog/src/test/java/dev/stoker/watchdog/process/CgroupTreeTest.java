package dev.stoker.watchdog.process;

import static dev.stoker.watchdog.process.ScriptedWorkers.SOON;
import static dev.stoker.watchdog.process.ScriptedWorkers.lives;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoker.health.ProcessIdentity;
import dev.stoker.watchdog.Patience;
import dev.stoker.watchdog.process.ScriptedWorkers.Worker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Real control groups; each test is skipped where this process may not make one. */
class CgroupTreeTest {

  /** Four children: plain, in a session of its own, without a parent, and both of these. */
  private static final String FAMILY =
      """
      sleep 301 & echo $! >> pids
      setsid sleep 302 & echo $! >> pids
      sh -c 'sleep 303 & echo $! >> pids'
      setsid sh -c 'sleep 304 & echo $! >> pids'
      echo $$ > leader
      exec sleep 305
      """;

  @RegisterExtension final ScriptedWorkers workers = new ScriptedWorkers();

  @Test
  void fault_4_children_without_parents_and_in_sessions_of_their_own_all_die() throws Exception {
    Worker worker = workers.start(workers.grouped(FAMILY));
    awaitFamily();
    assertThat(worker.tree().gone()).isFalse();
    worker.tree().remember();
    worker.process().kill();
    Patience.until("its leader is dead", SOON, () -> worker.process().end().isPresent());
    assertThat(worker.tree().gone()).as("children live").isFalse();
    assertThat(worker.tree().pids())
        .containsAll(workers.pids("pids"))
        .contains(worker.process().identity().pid());
    worker.tree().kill();
    Patience.until("all are dead", SOON, worker.tree()::gone);
    assertThat(workers.pids("pids")).hasSize(4).noneMatch(ScriptedWorkers::lives);
  }

  @Test
  void fault_4_without_control_groups_those_who_were_once_seen_die() throws Exception {
    Launcher launcher =
        workers.ungrouped(
            """
            setsid sh -c 'setsid sleep 302 & echo $! >> pids; read x < go' &
            echo $! > parent
            exec sleep 305
            """);
    assertThat(launcher.holding())
        .isEqualTo(
            "workers are held by session and descent (no writable control group: no cgroup2 file"
                + " system is mounted); a process that leaves both can escape");
    Path go = workers.directory().resolve("go");
    assertThat(new ProcessBuilder("mkfifo", go.toString()).start().waitFor()).isZero();
    Worker worker = workers.start(launcher);
    Patience.until("its grandchild runs", SOON, () -> count("pids") == 1 && count("parent") == 1);
    worker.tree().remember();
    Files.writeString(go, "go\n");
    Patience.until("an orphan", SOON, () -> !lives(numbers("parent").getFirst()));
    assertThat(numbers("pids")).allMatch(ScriptedWorkers::lives);
    assertThat(worker.tree().pids())
        .containsAll(numbers("pids"))
        .containsAll(numbers("parent"))
        .contains(worker.process().identity().pid());
    worker.tree().kill();
    Patience.until("all are dead", SOON, worker.tree()::gone);
    assertThat(numbers("pids")).noneMatch(ScriptedWorkers::lives);
  }

  @Test
  void fault_5_a_storm_of_forks_is_ended_at_once() throws Exception {
    Path comet = workers.directory().resolve("comet.sh");
    Files.writeString(comet, "sleep 0.02; setsid sh comet.sh &\n");
    Worker worker =
        workers.start(
            workers.grouped(
                """
                for i in 1 2 3 4 5 6 7 8; do sh comet.sh & done
                echo $$ > leader
                exec sleep 305
                """));
    Patience.until("it storms", SOON, () -> comets() > 4);
    worker.tree().kill();
    Patience.until("all are dead", SOON, worker.tree()::gone);
    assertThat(comets()).isZero();
  }

  @Test
  void a_worker_is_a_likelier_victim_than_its_watchdog_and_keeps_its_pid() throws Exception {
    Worker worker = workers.start(workers.grouped(FAMILY));
    awaitFamily();
    long pid = worker.process().identity().pid();
    assertThat(workers.pids("leader")).containsExactly(pid);
    assertThat(Files.readString(Path.of("/proc/" + pid + "/oom_score_adj")).strip())
        .isEqualTo("500");
    assertThat(ProcessTable.find(pid).orElseThrow().session()).isEqualTo(pid);
    assertThat(workers.pids("pids"))
        .allSatisfy(child -> assertThat(ProcessTable.workerOf(child)).contains("test/0"));
    assertThat(ProcessTable.workerOf(ProcessHandle.current().pid())).isEmpty();
  }

  @Test
  void a_stranger_is_held_by_the_group_that_it_is_in() throws Exception {
    Launcher first = workers.grouped(FAMILY);
    ProcessIdentity identity = workers.start(first).process().identity();
    awaitFamily();
    Launcher second = workers.launcher(FAMILY);
    WatchedProcess adopted =
        WatchedProcess.adopt(identity, System::nanoTime, () -> {}).orElseThrow();
    ProcessTree tree = second.treeOfStranger(adopted, 0);
    assertThat(tree).isInstanceOf(CgroupTree.class);
    assertThat(second.treeOfStranger(adopted, 1))
        .as("not this slot's")
        .isInstanceOf(SessionTree.class);
    tree.kill();
    Patience.until("all are dead", SOON, tree::gone);
    assertThat(workers.pids("pids")).noneMatch(ScriptedWorkers::lives);
  }

  @Test
  void who_is_left_in_a_slot_is_found_although_nobody_knows_its_leader() throws Exception {
    Launcher launcher = workers.grouped(FAMILY);
    assertThat(launcher.leftovers(0)).isEmpty();
    Worker worker = workers.start(launcher);
    awaitFamily();
    worker.process().kill();
    Patience.until("its leader is dead", SOON, () -> worker.process().end().isPresent());
    ProcessTree left = workers.launcher(FAMILY).leftovers(0).orElseThrow();
    assertThat(launcher.leftovers(1)).isEmpty();
    assertThat(left.gone()).isFalse();
    left.kill();
    Patience.until("all are dead", SOON, left::gone);
    assertThat(workers.pids("pids")).noneMatch(ScriptedWorkers::lives);
    assertThat(launcher.leftovers(0)).isEmpty();
  }

  @Test
  void a_group_of_another_name_is_never_killed() throws Exception {
    Launcher launcher = workers.grouped(FAMILY);
    ProcessIdentity identity = workers.start(launcher).process().identity();
    awaitFamily();
    ControlGroups others = ControlGroups.find("another").orElseThrow();
    assertThat(others.ofProcess(identity, 0)).isEmpty();
    assertThat(others.allOf(0)).isEmpty();
    ProcessIdentity stale =
        new ProcessIdentity(identity.pid(), identity.startTicks() + 1, identity.bootId());
    assertThat(ControlGroups.find(installation(launcher)).orElseThrow().ofProcess(stale, 0))
        .as("another process of this pid")
        .isEmpty();
  }

  @Test
  void a_watchdog_that_stops_leaves_no_group_behind() throws Exception {
    Launcher launcher = workers.grouped("exit 0");
    Worker worker = workers.start(launcher);
    Patience.until("it ends", SOON, worker.tree()::gone);
    ControlGroups groups = ControlGroups.find(installation(launcher)).orElseThrow();
    assertThat(groups.allOf(0)).hasSize(1);
    launcher.tidy(0);
    assertThat(groups.allOf(0)).isEmpty();
    assertThat(launcher.beatFile(0).getParent()).doesNotExist();
  }

  @Test
  void a_group_where_none_may_be_made_is_said_with_the_reason() {
    ControlGroups.Mount mount = new ControlGroups.Mount(Path.of("/"), Path.of("/proc"));
    assertThat(new ControlGroups(mount, Path.of("/proc"), "x").hindrance())
        .hasValueSatisfying(reason -> assertThat(reason).startsWith("/proc: "));
    ControlGroups.Mount plain = new ControlGroups.Mount(Path.of("/"), workers.directory());
    assertThat(new ControlGroups(plain, workers.directory(), "x").hindrance())
        .contains("cgroup.kill cannot be written; it needs Linux 5.14");
    assertThat(workers.directory()).isEmptyDirectory();
  }

  @Test
  void the_hierarchy_is_found_pure_beside_version_1_and_partly_mounted() {
    String tail = " rw,relatime shared:9 - cgroup2 cgroup2 rw";
    List<String> hybrid =
        List.of(
            "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw",
            "37 31 0:34 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
            "41 31 0:38 / /sys/fs/cgroup/unified" + tail);
    List<String> membership = List.of("4:memory:/x", "0::/system.slice/stoker.service");
    assertThat(directory(hybrid, membership))
        .contains(Path.of("/sys/fs/cgroup/unified/system.slice/stoker.service"));
    assertThat(directory(List.of("41 31 0:38 / /sys/fs/cgroup" + tail), List.of("0::/")))
        .contains(Path.of("/sys/fs/cgroup"));
    List<String> part = List.of("41 31 0:38 /docker/7 /sys/fs/cg\\0402" + tail);
    assertThat(directory(part, List.of("0::/docker/7/a"))).contains(Path.of("/sys/fs/cg 2/a"));
    assertThat(directory(part, List.of("0::/elsewhere"))).isEmpty();
    assertThat(directory(List.of(), membership)).isEmpty();
  }

  private static Optional<Path> directory(List<String> mounts, List<String> membership) {
    return ControlGroups.Mount.find(mounts).flatMap(mount -> mount.directoryOf(membership));
  }

  /** As its beats' directory bears it. */
  private static String installation(Launcher launcher) {
    String name = launcher.beatFile(0).getParent().getFileName().toString();
    return name.substring(name.lastIndexOf('-') + 1);
  }

  private void awaitFamily() {
    Patience.until("four descendants", SOON, () -> count("pids") == 4 && count("leader") == 1);
  }

  private int count(String file) {
    return numbers(file).size();
  }

  private List<Long> numbers(String file) {
    try {
      return workers.pids(file);
    } catch (IOException | NumberFormatException e) {
      return List.of(); // half written
    }
  }

  private long comets() {
    return ProcessTable.all().stream()
        .filter(entry -> entry.state() != 'Z')
        .filter(entry -> commandOf(entry.pid()).contains("comet.sh"))
        .filter(entry -> inDirectory(entry.pid()))
        .count();
  }

  private boolean inDirectory(long pid) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/" + pid + "/cwd")).equals(workers.directory());
    } catch (IOException e) {
      return false;
    }
  }

  private static String commandOf(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"));
    } catch (IOException e) {
      return "";
    }
  }
}
