package dev.stoker.watchdog.process;

import static dev.stoker.watchdog.process.ScriptedWorkers.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoker.health.WorkerId;
import dev.stoker.watchdog.JdkCopy;
import dev.stoker.watchdog.Patience;
import dev.stoker.watchdog.process.ScriptedWorkers.Worker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LauncherTest {

  @RegisterExtension final ScriptedWorkers workers = new ScriptedWorkers();

  @Test
  void each_worker_sees_its_own_gpu_alone() throws Exception {
    WorkerResources gpus =
        new WorkerResources(
            List.of("3", "GPU-5f"), Optional.empty(), Optional.empty(), Optional.empty());
    Launcher launcher = workers.launcher("echo sees $CUDA_VISIBLE_DEVICES", gpus);
    awaitEnd(launcher.start(new WorkerId("test/0", 1), 0, () -> {}));
    awaitEnd(launcher.start(new WorkerId("test/1", 1), 1, () -> {}));
    assertThat(launcher.console(0).tail(1)).containsExactly("sees 3");
    assertThat(launcher.console(1).tail(1)).containsExactly("sees GPU-5f");
    launcher.tidy(1);
  }

  @Test
  void a_worker_is_told_where_to_show_that_it_lives() throws Exception {
    Launcher launcher = workers.launcher("echo $STOKER_BEAT_FILE $STOKER_IN_FLIGHT_FILE");
    awaitEnd(workers.start(launcher).process());
    Path beat = launcher.beatFile(0);
    assertThat(beat.getFileName()).hasToString("worker-0.beat");
    assertThat(launcher.inFlightFile(0)).isEqualTo(beat.resolveSibling("worker-0.inflight"));
    assertThat(launcher.console(0).tail(1)).containsExactly(beat + " " + launcher.inFlightFile(0));
    assertThat(beat.getParent()).isDirectory();
    launcher.tidy(0);
    awaitEnd(workers.start(launcher).process());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(beat.getParent())))
        .isEqualTo("rwx------");
  }

  @Test
  void signs_of_life_lie_in_memory_where_nobody_else_can_write() throws Exception {
    Path memory = Files.createDirectory(workers.directory().resolve("shm"));
    Path data = workers.directory().resolve("data");
    Path own = memory.resolve("stoker-" + Program.user() + "-a");
    assertThat(BeatDirectory.of(Optional.empty(), memory, data, "a")).isEqualTo(own);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(own)))
        .isEqualTo("rwx------");
    assertThat(BeatDirectory.of(Optional.empty(), memory, data, "a"))
        .as("a second time")
        .isEqualTo(own);
    assertThat(BeatDirectory.of(Optional.empty(), memory, data, "b")).isNotEqualTo(own);
  }

  @Test
  void a_service_keeps_signs_of_life_in_the_directory_that_systemd_made_for_it() throws Exception {
    Path memory = Files.createDirectory(workers.directory().resolve("shm"));
    Path runtime = Files.createDirectory(workers.directory().resolve("stoker-watchdog"));
    Path data = workers.directory().resolve("data");
    String name = "stoker-" + Program.user() + "-a";
    assertThat(BeatDirectory.of(Optional.of(runtime + ":/nowhere"), memory, data, "a"))
        .isEqualTo(runtime.resolve(name))
        .isDirectory();
    assertThat(BeatDirectory.of(Optional.of("/nowhere"), memory, data, "a"))
        .isEqualTo(memory.resolve(name));
    assertThat(BeatDirectory.of(Optional.of(""), memory, data, "a"))
        .isEqualTo(memory.resolve(name));
  }

  @Test
  void a_directory_of_somebody_else_is_not_used() throws Exception {
    Path memory = Files.createDirectory(workers.directory().resolve("shm"));
    Path data = workers.directory().resolve("data");
    String prefix = "stoker-" + Program.user() + "-";
    Files.createDirectory(
        memory.resolve(prefix + "open"),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    Files.createSymbolicLink(memory.resolve(prefix + "link"), workers.directory());
    Files.writeString(memory.resolve(prefix + "file"), "");
    assertThat(BeatDirectory.of(Optional.empty(), memory, data, "open"))
        .isEqualTo(data.resolve("run"));
    assertThat(BeatDirectory.of(Optional.empty(), memory, data, "link"))
        .isEqualTo(data.resolve("run"));
    assertThat(BeatDirectory.of(Optional.empty(), memory, data, "file"))
        .isEqualTo(data.resolve("run"));
    assertThat(BeatDirectory.of(Optional.empty(), memory.resolve("none"), data, "x"))
        .isEqualTo(data.resolve("run"));
  }

  @Test
  void limits_are_set_by_a_scope_in_whose_group_all_are_killed() throws Exception {
    WorkerResources resources =
        new WorkerResources(List.of(), Optional.of("200%"), Optional.of("8G"), Optional.of("1"));
    Launcher probe = workers.grouped("true");
    String parent = probe.holding().substring(probe.holding().indexOf('/'));
    Path systemd =
        program(
            "systemd-run",
            """
            echo "$@" > systemd-words
            for word; do shift; case $word in --unit=*) unit=${word#--unit=};; --) break;; esac; done
            group=%s%s/$unit
            mkdir "$group" && echo $$ > "$group"/cgroup.procs && exec "$@"
            """
                .formatted(mountOfGroups(), parent.equals("/") ? "" : parent));
    Path numactl = program("numactl", "echo $1 $2 > numa-words; shift 2; exec \"$@\"\n");
    Launcher launcher =
        launcher(
            "setsid sh -c 'sleep 304 & echo $! >> pids'; exec sleep 305",
            resources,
            new Launcher.Tools(
                Program.find("setsid"),
                Optional.of(numactl.toString()),
                Optional.of(new Scope(systemd.toString(), false, resources))));
    assertThat(launcher.unheeded()).isEmpty();
    assertThat(launcher.holding()).isEqualTo("workers are held by scopes of systemd");
    Worker worker = workers.start(launcher);
    Patience.until("its child runs", SOON, () -> !read("pids").isEmpty());
    assertThat(read("systemd-words"))
        .matches(
            "--scope --collect --quiet --unit=stoker-[0-9a-f]{12}-worker-0-incarnation-1.scope"
                + " -p CPUQuota=200% -p MemoryMax=8G -p MemorySwapMax=0 -- .*");
    assertThat(read("numa-words")).isEqualTo("--cpunodebind=1 --membind=1");
    ProcessTree late = launcher.treeOfChild(worker.process(), 0);
    worker.process().kill();
    awaitEnd(worker.process());
    assertThat(late.gone()).as("its child lives, and is found without its leader").isFalse();
    late.kill();
    Patience.until("all are dead", SOON, late::gone);
    assertThat(workers.pids("pids")).hasSize(1).noneMatch(ScriptedWorkers::lives);
  }

  @Test
  void a_systemd_that_makes_no_scope_is_not_asked_for_one_at_each_start() throws Exception {
    Path able = program("able", "shift 4; exec \"$@\"\n");
    Path unable = program("unable", "exit 1\n");
    assertThat(new Scope(able.toString(), false, WorkerResources.ALL).works()).isTrue();
    assertThat(new Scope(unable.toString(), true, WorkerResources.ALL).works()).isFalse();
    assertThat(new Scope("/nowhere", true, WorkerResources.ALL).works()).isFalse();
  }

  @Test
  void limits_that_nobody_here_can_set_are_named_and_the_worker_starts() throws Exception {
    WorkerResources resources =
        new WorkerResources(List.of(), Optional.empty(), Optional.of("8G"), Optional.of("0"));
    Launcher launcher =
        launcher(
            "echo started",
            resources,
            new Launcher.Tools(Optional.empty(), Optional.empty(), Optional.empty()));
    assertThat(launcher.unheeded())
        .containsExactly(
            "STOKER_WORKER_CPU_QUOTA and STOKER_WORKER_MEMORY_MAX are not heeded:"
                + " systemd does not run this host, or does not let this user make a scope",
            "STOKER_WORKER_NUMA_NODE is not heeded: numactl is missing");
    awaitEnd(workers.start(launcher).process());
    assertThat(launcher.console(0).tail(1)).containsExactly("started");
  }

  @Test
  void fault_33_a_jdk_that_was_exchanged_is_told_from_other_failures() throws Exception {
    Path copy = JdkCopy.make(workers.directory().resolve("jdk"));
    Path output = workers.directory().resolve("output");
    Process process =
        new ProcessBuilder(
                copy.resolve("bin/java").toString(),
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                UpgradedJdk.class.getName(),
                Files.createDirectory(workers.directory().resolve("data")).toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    process.waitFor();
    assertThat(Files.readAllLines(output))
        .contains("before: started, replaced false", "after: failed, replaced true");
  }

  @Test
  void a_command_that_is_not_there_is_a_failure_of_the_worker_alone() throws Exception {
    Launcher launcher =
        workers.known(
            new Launcher(
                new WorkerCommand(List.of("true"), Path.of("/nowhere/at/all")),
                WorkerResources.ALL,
                workers.places(),
                System::nanoTime));
    assertThatThrownBy(() -> launcher.start(new WorkerId("test/0", 1), 0, () -> {}))
        .isInstanceOf(IOException.class);
    assertThat(launcher.jdkReplaced()).isFalse();
  }

  private Launcher launcher(String script, WorkerResources resources, Launcher.Tools tools)
      throws IOException {
    Optional<ControlGroups> groups = ControlGroups.find(installation());
    return workers.known(
        new Launcher(
            workers.script(script), resources, workers.places(), System::nanoTime, tools, groups));
  }

  private String installation() throws IOException {
    String name = workers.launcher("true").beatFile(0).getParent().getFileName().toString();
    return name.substring(name.lastIndexOf('-') + 1);
  }

  private Path program(String name, String script) throws IOException {
    Path file = workers.directory().resolve(name);
    Files.writeString(file, "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    return file;
  }

  private static Path mountOfGroups() throws IOException {
    return ControlGroups.Mount.find(Files.readAllLines(Path.of("/proc/self/mountinfo")))
        .orElseThrow()
        .directory();
  }

  private static void awaitEnd(WatchedProcess process) {
    Patience.until("it ends", SOON, () -> process.end().isPresent());
  }

  private String read(String file) {
    try {
      return Files.readString(workers.directory().resolve(file)).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
